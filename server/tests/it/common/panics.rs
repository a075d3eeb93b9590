//! Counts the server's panics during attacks, since its workers survive them.

use std::{
    cell::RefCell,
    sync::{
        Arc, Once,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::runtime::{Builder, Runtime};

thread_local! {
    /// The counter of this thread's panics.
    static COUNT: RefCell<Option<Arc<AtomicUsize>>> = const { RefCell::new(None) };
}

/// A runtime that counts the panics of its own threads only, since other tests of the program may panic too.
pub struct Watched {
    pub runtime: Runtime,
    panics: Arc<AtomicUsize>,
}

impl Watched {
    pub fn new() -> Self {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                // A thread that is ending has no counter any more.
                let _ending = COUNT.try_with(|count| {
                    if let Some(count) = &*count.borrow() {
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                });
                before(panic);
            }));
        });
        let panics = Arc::<AtomicUsize>::default();
        let own = Arc::clone(&panics);
        let runtime = Builder::new_multi_thread()
            .enable_all()
            .on_thread_start(move || COUNT.with(|count| *count.borrow_mut() = Some(Arc::clone(&own))))
            .build()
            .expect("a runtime");
        Self { runtime, panics }
    }

    /// The number of panics so far.
    pub fn panics(&self) -> usize {
        self.panics.load(Ordering::Relaxed)
    }
}
