//! Ours beside its peers under the same load, in one run (`make bench-peers`).

mod line;
mod ours;
mod table;
mod theirs;
pub(super) mod world;

use std::{env, time::Duration};

use ours::Ours;
use serde_json::json;
use table::{Figure, percentile, print};
use theirs::Theirs;

use super::server::Released;

/// A server gets this long to put away what it has done before its memory is measured.
const SETTLE: Duration = Duration::from_secs(2);
/// A message into one document this often.
const HOT_PACE: Duration = Duration::from_millis(80);
/// A message into one of many documents this often.
const MANY_PACE: Duration = Duration::from_millis(20);

const NOTE: &str = "
Ours stores each change durably (SQLite, synchronous=FULL) before it acknowledges or passes it on, judges it by the
write gate, and keeps message rows and the list beside it; the peers keep their documents in memory in this set-up
and judge nothing. One client writes, the others follow; every client is a socket of its own. Clients of ours and of
Hocuspocus only look at the bytes that arrive; automerge-repo's protocol needs a whole Repo for each, in one process,
which is part of its times. Of a long conversation ours opens the newest segment (400 messages), the peers all of it.";

/// Sizes of a run.
struct Sizes {
    clients: &'static [usize],
    messages: usize,
    cold: &'static [usize],
    day: usize,
    crowd: usize,
    idle: usize,
    times: usize,
}

const FULL: Sizes = Sizes {
    clients: &[10, 50, 200],
    messages: 60,
    cold: &[20, 400, 10_000],
    day: 350, // with what it begins with, a segment has document for no more
    crowd: 1000,
    idle: 1000,
    times: 15,
};

/// With `QUICK=1`: does it work at all?
const QUICK: Sizes = Sizes {
    clients: &[10, 50],
    messages: 15,
    cold: &[20, 400],
    day: 100,
    crowd: 100,
    idle: 100,
    times: 3,
};

/// Messages of an idle document.
const IDLE_MESSAGES: usize = 20;

/// A chat message of about sixty characters that carries its number; as `e2e/peers/load.mjs` has it.
pub(super) fn text(number: usize) -> String {
    format!("mark:{number:06} of the bench, sixty characters long in all.")
}

/// The number in the bytes of a change.
fn mark(bytes: &[u8]) -> Option<usize> {
    let at = bytes.windows(5).position(|window| window == b"mark:")? + 5;
    std::str::from_utf8(bytes.get(at..at + 6)?).ok()?.parse().ok()
}

/// The three systems.
struct Bench {
    ours: Ours,
    hocuspocus: Theirs,
    automerge: Theirs,
}

/// Runs everything and prints the table.
///
/// # Panics
/// When a system does not work.
pub async fn run() {
    let sizes = if env::var_os("QUICK").is_some() { QUICK } else { FULL };
    let mut bench = start(&sizes).await;
    table::print_head();
    for clients in sizes.clients {
        bench.propagation("hot", *clients, 1, sizes.messages, HOT_PACE).await;
    }
    for clients in sizes.clients {
        let messages = sizes.messages * 4;
        bench
            .propagation("many", *clients, clients / 2, messages, MANY_PACE)
            .await;
    }
    for messages in sizes.cold {
        bench.cold(*messages, sizes.times).await;
    }
    bench.day(sizes.day, sizes.times).await;
    bench.crowd(sizes.crowd).await;
    bench.idle(sizes.idle).await;
    bench.forbidden().await;
    println!("{NOTE}");
}

async fn start(sizes: &Sizes) -> Bench {
    let mut plan: world::Plan = ["day-0", "crowd-0", "forbidden-0"].map(|name| (name.into(), 1)).into();
    for clients in sizes.clients {
        plan.push((format!("hot-{clients}-0"), 1));
        plan.extend((0..clients / 2).map(|document| (format!("many-{clients}-{document}"), 1)));
    }
    plan.extend(
        sizes
            .cold
            .iter()
            .map(|messages| (format!("cold-{messages}"), *messages)),
    );
    let furnish =
        async |folder: &std::path::Path, url: &str| world::furnish(folder, url, &plan, sizes.idle, IDLE_MESSAGES).await;
    let (server, chats) = Released::furnished(furnish).await;
    Bench {
        ours: Ours::start(server, chats).await,
        hocuspocus: Theirs::start("hocuspocus").await,
        automerge: Theirs::start("automerge").await,
    }
}

/// Times and the server's processor time.
type Measured = (Vec<f64>, Duration);

async fn theirs_written(peer: &mut Theirs, group: &str, messages: usize, pace: Duration) -> Measured {
    let before = peer.processor_time();
    let command = json!({ "do": "write", "group": group, "messages": messages, "every_ms": pace.as_millis() as u64 });
    let took = peer.times(command).await;
    let used = peer.processor_time() - before;
    peer.ask(json!({ "do": "leave", "group": group })).await;
    (took, used)
}

impl Bench {
    /// Prints a row; a failed one does not stop the others.
    fn row(label: impl Into<String>, unit: &'static str, [ours, hocuspocus, automerge]: [f64; 3]) {
        print(&Figure {
            label: label.into(),
            unit,
            ours,
            hocuspocus,
            automerge,
        });
    }

    fn times(label: &str, share: f64, all: [&[f64]; 3]) {
        let name = format!("{label}, p{:.0}", share * 100.0);
        Self::row(name, "ms", all.map(|times| percentile(times, share)));
    }

    async fn propagation(&mut self, kind: &str, clients: usize, documents: usize, messages: usize, pace: Duration) {
        let group = format!("{kind}-{clients}");
        let join = json!({ "do": "join", "group": group, "clients": clients, "documents": documents });

        self.ours.join(&group, clients, documents).await;
        let before = self.ours.server.processor_time();
        let ours = self.ours.write(&group, messages, pace).await;
        let ours = (ours, self.ours.server.processor_time() - before);
        self.hocuspocus.ask(join.clone()).await;
        let hocuspocus = theirs_written(&mut self.hocuspocus, &group, messages, pace).await;
        self.automerge.ask(join).await;
        let automerge = theirs_written(&mut self.automerge, &group, messages, pace).await;

        let label = format!(
            "{clients} clients, {documents} document{}",
            if documents == 1 { "" } else { "s" }
        );
        let all = [&ours, &hocuspocus, &automerge];
        for share in [0.5, 0.99] {
            Self::times(
                &format!("{label}: propagation"),
                share,
                all.map(|(took, _)| took.as_slice()),
            );
        }
        let cost = |(took, used): &Measured| used.as_secs_f64() * 1e6 / took.len() as f64;
        Self::row(format!("{label}: server CPU a delivery"), "µs", all.map(cost));
    }

    async fn cold(&mut self, messages: usize, times: usize) {
        let name = format!("cold-{messages}");
        let fill = json!({ "do": "fill", "document": name, "messages": messages });
        let open = json!({ "do": "open", "document": name, "messages": messages, "times": times });
        let ours = self.ours.open(&name, messages, times).await;
        self.hocuspocus.ask(fill.clone()).await;
        let hocuspocus = self.hocuspocus.times(open.clone()).await;
        self.automerge.ask(fill).await;
        let automerge = self.automerge.times(open).await;
        Self::times(
            &format!("cold open of {messages} messages"),
            0.5,
            [&ours, &hocuspocus, &automerge],
        );
    }

    async fn day(&mut self, changes: usize, times: usize) {
        let name = "day-0";
        self.ours.fill(name, 20).await;
        self.ours.remember(name).await;
        self.ours.fill(name, changes).await;
        let ours = self.ours.back(name, times).await;
        let mut theirs = vec![];
        for peer in [&mut self.hocuspocus, &mut self.automerge] {
            peer.ask(json!({ "do": "fill", "document": name, "messages": 20 }))
                .await;
            peer.ask(json!({ "do": "remember", "document": name })).await;
            peer.ask(json!({ "do": "fill", "document": name, "messages": changes }))
                .await;
            theirs.push(
                peer.times(json!({ "do": "back", "document": name, "times": times }))
                    .await,
            );
        }
        Self::times(
            &format!("back after {changes} changes"),
            0.5,
            [&ours, &theirs[0], &theirs[1]],
        );
    }

    async fn crowd(&mut self, clients: usize) {
        let name = "crowd-0";
        let ours = self.ours.crowd(name, clients).await;
        let mut theirs = vec![];
        for peer in [&mut self.hocuspocus, &mut self.automerge] {
            peer.ask(json!({ "do": "fill", "document": name, "messages": 20 }))
                .await;
            theirs.push(
                peer.times(json!({ "do": "crowd", "document": name, "clients": clients }))
                    .await,
            );
        }
        for share in [0.5, 1.0] {
            let label = format!("{clients} clients back at once");
            Self::times(&label, share, [&ours, &theirs[0], &theirs[1]]);
        }
    }

    async fn idle(&mut self, documents: usize) {
        let before = self.ours.resident_megabytes().await;
        let open = self.ours.idle(documents).await;
        let ours = self.ours.resident_megabytes().await - before;
        drop(open);
        let mut grown = vec![ours];
        for peer in [&mut self.hocuspocus, &mut self.automerge] {
            let before = peer.resident_megabytes().await;
            peer.ask(json!({ "do": "idle", "documents": documents, "messages": IDLE_MESSAGES }))
                .await;
            grown.push(peer.resident_megabytes().await - before);
        }
        let label = format!("memory of {documents} idle documents");
        Self::row(label, "MB", [grown[0], grown[1], grown[2]]);
    }

    async fn forbidden(&mut self) {
        let name = "forbidden-0";
        let mut refused = vec![self.ours.forbidden(name).await];
        for peer in [&mut self.hocuspocus, &mut self.automerge] {
            let answer = peer.ask(json!({ "do": "forbidden", "document": name })).await;
            refused.push(answer["refused"] == true);
        }
        let word = |refused: bool| if refused { "refused" } else { "taken" };
        println!(
            "{:<52} {:>10} {:>10} {:>14}",
            "a message in somebody else's name",
            word(refused[0]),
            word(refused[1]),
            word(refused[2])
        );
        assert!(refused[0], "ours refuses it");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_a_message_is_found_in_its_bytes() {
        let bytes = [b"\x85oJ\x83", text(42).as_bytes(), b"\0\0"].concat();
        assert_eq!(mark(&bytes), Some(42));
        assert_eq!(mark(b"mark:12"), None);
    }
}
