//! Parts of the program that are loaded on demand.
//!
//! The build splits the program at its split points ([`part!`]) into files (`main`, `desk`, `settings`). Code that only
//! a split point reaches is in its file, so nothing outside may name it. A split point renders nothing, because after
//! an await there is no owner and no context. It returns functions, which the caller calls where the view belongs.

/// The error when a file of the program could not be loaded. The next call tries again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotLoaded;

#[cfg(split)]
impl From<leptos::wasm_split::SplitLoaderError> for NotLoaded {
    fn from(_: leptos::wasm_split::SplitLoaderError) -> Self {
        Self
    }
}

/// Declares a split point: an `async fn` that returns a value which names the content of its file. Without the cfg
/// `split`, which only the release build sets, it is a plain function and the program is one file.
macro_rules! part {
    ($(#[$about:meta])* $vis:vis fn $name:ident() -> $part:ty, in $file:ident, $value:expr) => {
        $(#[$about])*
        #[cfg(split)]
        #[leptos::wasm_split::wasm_split($file, wasm_split_path = leptos::wasm_split, fallible)]
        $vis fn $name() -> Result<$part, $crate::part::NotLoaded> {
            Ok($value)
        }

        $(#[$about])*
        #[cfg(not(split))]
        $vis async fn $name() -> Result<$part, $crate::part::NotLoaded> {
            Ok($value)
        }
    };
}
pub(crate) use part;
