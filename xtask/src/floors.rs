//! The floors of server and console: which room each module belongs to, and the imports that point up, between
//! neighbours or around in a circle (`docs/architecture.md#floors`).
//!
//! A room is a set of modules with one meaning. A room may import what lies on a lower floor, and on the same floor
//! only where [`House::neighbours`] allows it. What points elsewhere today is listed beside the rooms, and the list
//! only shrinks: the test fails on an arrow that is not on it, and on an entry that no import needs any more.

mod console;
mod paths;
mod server;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use crate::{Outcome, files};

/// The rooms of one crate.
struct House {
    /// Folder of the sources, from the workspace's.
    sources: &'static str,
    /// Modules, the longest name that fits counts. A name may go down to an item, when that belongs elsewhere than its
    /// module.
    rooms: &'static [(&'static str, &'static [&'static str])],
    /// Names of the rooms, the lowest floor first.
    floors: &'static [&'static [&'static str]],
    /// Index in `floors` up to which rooms of one floor may import each other, without circles.
    neighbours: usize,
    /// What every room is given, whatever its floor.
    given: &'static [&'static str],
    /// Arrows that must not be there and still are: from one room to another, with how many files hold one.
    arrows: &'static [(&'static str, &'static str, usize)],
}

/// The files that import something, by the two rooms.
type Arrows = BTreeMap<(String, String), BTreeSet<String>>;

/// Prints the arrows that the rooms must not have, with the files that hold them.
pub fn print() -> Outcome {
    for house in [&server::HOUSE, &console::HOUSE] {
        println!("{}", house.sources);
        for ((from, to), held) in house.wrong(&house.arrows()?)? {
            println!(
                "  {from} -> {to} ({} of {} listed)",
                held.len(),
                house.listed(&from, &to)
            );
            for file in held {
                println!("    {file}");
            }
        }
    }
    Ok(())
}

impl House {
    /// All arrows between two rooms.
    fn arrows(&self) -> Outcome<Arrows> {
        let mut arrows = Arrows::new();
        for file in files::list(Path::new(self.sources))? {
            let Some(module) = paths::module(&file) else { continue };
            // What tests need to build their case is not part of the house.
            if module.iter().any(|name| name == "tests") {
                continue;
            }
            let from = self.room(&module).ok_or_else(|| format!("{file} is in no room"))?;
            for target in paths::imports(&files::read_text(Path::new(self.sources).join(&file))?, &module)? {
                if self.given.iter().any(|given| fits(given, &target)) {
                    continue;
                }
                let Some(to) = self.room(&target) else {
                    return Err(format!("{file}: {} is in no room", target.join("::")).into());
                };
                if from != to {
                    let key = (from.to_owned(), to.to_owned());
                    arrows.entry(key).or_default().insert(file.clone());
                }
            }
        }
        Ok(arrows)
    }

    /// The room of a module or an item.
    fn room(&self, path: &[String]) -> Option<&'static str> {
        let fitting = self.rooms.iter().flat_map(|(room, names)| {
            let names = names.iter().filter(|name| fits(name, path));
            names.map(|name| (name.split("::").count(), *room))
        });
        fitting.max_by_key(|(length, _)| *length).map(|(_, room)| room)
    }

    /// The arrows that point up, or to a neighbour that must not be known.
    fn wrong(&self, arrows: &Arrows) -> Outcome<Arrows> {
        let floor = |room: &str| {
            let found = self.floors.iter().position(|rooms| rooms.contains(&room));
            found.ok_or_else(|| format!("{room} is on no floor"))
        };
        let mut wrong = Arrows::new();
        for ((from, to), held) in arrows {
            let (above, below) = (floor(from)?, floor(to)?);
            if below > above || (below == above && above > self.neighbours) {
                wrong.insert((from.clone(), to.clone()), held.clone());
            }
        }
        Ok(wrong)
    }

    /// How many files may hold an arrow.
    fn listed(&self, from: &str, to: &str) -> usize {
        let entry = self.arrows.iter().find(|(one, other, _)| (*one, *other) == (from, to));
        entry.map_or(0, |(_, _, count)| *count)
    }

    /// What is not as the list says, in words.
    #[cfg(test)]
    fn complaints(&self) -> Outcome<Vec<String>> {
        let arrows = self.arrows()?;
        let wrong = self.wrong(&arrows)?;
        let mut complaints = vec![];
        for ((from, to), held) in &wrong {
            let most = self.listed(from, to);
            if held.len() > most {
                complaints.push(format!("{from} must not import {to}: one of {held:?} is new"));
            } else if held.len() < most {
                complaints.push(format!(
                    "{from} -> {to} is held by {} files now: say so in the list",
                    held.len()
                ));
            }
        }
        for (from, to, _) in self.arrows {
            if !wrong.contains_key(&((*from).to_owned(), (*to).to_owned())) {
                complaints.push(format!("{from} -> {to} is gone: take it off the list"));
            }
        }
        let kept: Vec<(&str, &str)> = arrows
            .keys()
            .filter(|key| !wrong.contains_key(*key))
            .map(|(from, to)| (from.as_str(), to.as_str()))
            .collect();
        complaints.extend(circle(&kept).map(|rooms| format!("a circle: {}", rooms.join(" -> "))));
        Ok(complaints)
    }
}

/// Whether a path is a name of the table or lies below it.
fn fits(name: &str, path: &[String]) -> bool {
    let mut path = path.iter();
    name.split("::")
        .all(|part| path.next().is_some_and(|known| known == part))
}

/// Rooms that lead back to the first of them.
#[cfg(test)]
fn circle(arrows: &[(&str, &str)]) -> Option<Vec<String>> {
    // A room to which no arrow leads, or from which none leads on, is in no circle; the rooms that are left are.
    let mut left = arrows.to_vec();
    loop {
        let before = left.len();
        let targets: BTreeSet<&str> = left.iter().map(|(_, to)| *to).collect();
        let sources: BTreeSet<&str> = left.iter().map(|(from, _)| *from).collect();
        left.retain(|(from, to)| targets.contains(from) && sources.contains(to));
        if left.is_empty() {
            return None;
        }
        if left.len() == before {
            let rooms: BTreeSet<&str> = left.iter().map(|(from, _)| *from).collect();
            return Some(rooms.into_iter().map(str::to_owned).collect());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rooms_import_what_lies_below_them() {
        std::env::set_current_dir(crate::root()).expect("the workspace's folder");
        for house in [&server::HOUSE, &console::HOUSE] {
            let complaints = house.complaints().expect("sources that can be read");
            assert!(complaints.is_empty(), "{}:\n{}", house.sources, complaints.join("\n"));
        }
    }

    #[test]
    fn a_circle_is_found_and_a_ladder_is_none() {
        assert_eq!(circle(&[("a", "b"), ("b", "c"), ("a", "c")]), None);
        let found = circle(&[("a", "b"), ("b", "c"), ("c", "b"), ("c", "d"), ("d", "e")]).expect("a circle");
        assert_eq!(found, ["b", "c"]);
    }
}
