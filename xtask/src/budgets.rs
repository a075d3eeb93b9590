//! Size budgets of the console: a build that exceeds one fails, so that sizes do not creep up unnoticed.

use std::collections::BTreeMap;

use crate::{
    Outcome,
    parts::{BUDGETS, Budget},
};

/// How far a group may grow above its recorded size, in percent.
const GROWTH: u64 = 2;

/// Prints a line for each budget. Fails if a budget is exceeded or matches no file. `sizes` holds bytes by path.
pub fn check(sizes: &BTreeMap<String, u64>) -> Outcome {
    let mut broken = vec![];
    for budget in &BUDGETS {
        let held: Vec<u64> = sizes
            .iter()
            .filter(|(path, _)| (budget.holds)(path))
            .map(|(_, size)| *size)
            .collect();
        let bytes: u64 = held.iter().sum();
        println!(
            "      {}: {:.1} of {} KiB",
            budget.what,
            bytes as f64 / 1024.0,
            budget.limit
        );
        if held.is_empty() {
            broken.push(format!("{} is missing", budget.what));
        } else {
            broken.extend(complaint(budget, bytes));
        }
    }
    if broken.is_empty() {
        Ok(())
    } else {
        Err(broken.join("; ").into())
    }
}

/// The error text for a group that is too large, or `None` if its size is within the budget.
fn complaint(budget: &Budget, bytes: u64) -> Option<String> {
    let what = budget.what;
    let limit = budget.limit * 1024;
    if bytes > limit {
        return Some(format!("{what} is {bytes} bytes, {} over its budget", bytes - limit));
    }
    let recorded = budget
        .recorded
        .filter(|recorded| bytes * 100 > recorded * (100 + GROWTH))?;
    Some(format!(
        "{what} is {bytes} bytes, more than {GROWTH} % above the {recorded} of xtask/src/parts.rs: \
         make it smaller, or raise that number in the same change"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_may_reach_its_limit_and_grow_by_two_percent() {
        let budget = Budget {
            what: "a",
            limit: 2,
            recorded: Some(1000),
            holds: |_| true,
        };
        assert_eq!(complaint(&budget, 1020), None);
        assert!(complaint(&budget, 1021).is_some_and(|text| text.contains("raise that number")));
        let budget = Budget {
            recorded: None,
            ..budget
        };
        assert_eq!(complaint(&budget, 2048), None);
        assert!(complaint(&budget, 2049).is_some_and(|text| text.contains("1 over")));
    }
}
