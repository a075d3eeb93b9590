//! Random days at three consoles. A failing day is shortened to the smallest one that fails.

use std::env;

use causerie_e2e::simulation::{self, DESKS, Happening, VISITORS};
use proptest::prelude::*;
use tokio::runtime::Builder;

/// The number of days: few in `make test`, more in `make bench-faults`.
fn cases() -> u32 {
    let asked = env::var("CAUSERIE_SIMULATION_CASES").ok();
    asked.map_or(24, |text| text.parse().expect("a number of cases"))
}

fn happening() -> impl Strategy<Value = Happening> {
    let desk = || 0..DESKS;
    prop_oneof![
        5 => (0..VISITORS).prop_map(|visitor| Happening::Ask { visitor }),
        1 => (0..VISITORS).prop_map(|visitor| Happening::Fill { visitor }),
        4 => desk().prop_map(|desk| Happening::Connect { desk }),
        2 => desk().prop_map(|desk| Happening::Cut { desk }),
        2 => desk().prop_map(|desk| Happening::LoseAnswers { desk }),
        8 => desk().prop_map(|desk| Happening::Talk { desk }),
        2 => desk().prop_map(|desk| Happening::Crash { desk }),
        2 => desk().prop_map(|desk| Happening::Flush { desk }),
        6 => desk().prop_map(|desk| Happening::Take { desk }),
        1 => desk().prop_map(|desk| Happening::Decline { desk }),
        8 => desk().prop_map(|desk| Happening::Reply { desk }),
        3 => desk().prop_map(|desk| Happening::Draft { desk }),
        3 => desk().prop_map(|desk| Happening::Discuss { desk }),
        2 => desk().prop_map(|desk| Happening::Redact { desk }),
        3 => desk().prop_map(|desk| Happening::AddNote { desk }),
        3 => desk().prop_map(|desk| Happening::EditNote { desk }),
        2 => desk().prop_map(|desk| Happening::SetField { desk }),
        2 => desk().prop_map(|desk| Happening::End { desk }),
        1 => Just(Happening::Restart),
        2 => (1_u64..90).prop_map(|seconds| Happening::Wait { seconds }),
        1 => Just(Happening::Calm),
    ]
}

/// A limit, since every repetition of a failing day may wait as long as a busy machine needs.
const SHRINKS: u32 = 40;

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), max_shrink_iters: SHRINKS, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn all_copies_agree_every_intent_counts_once_and_nobody_holds_what_they_may_not_see(
        schedule in prop::collection::vec(happening(), 10..70)
    ) {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
        runtime.block_on(simulation::run(&schedule));
    }
}
