//! What checking a reply and trying it on a replica cost in a full segment: everything between the frame and the
//! transaction.

use std::{collections::HashMap, time::Instant};

use automerge::ActorId;
use causerie_shared::{
    document::{DocumentKind, Pen, begin, timeline},
    gate::{self, Actors, KnownActor, Writer},
    ids::{DeviceId, MessageId, UserId},
    message::{Author, Kind, Message},
};

use super::figures;
use crate::client::random;

/// A segment is sealed at this many messages.
const MESSAGES: usize = 400;
/// Number of measured replies, which grow the segment to one and a half times its size.
const PUSHES: usize = 200;

struct Known(HashMap<ActorId, KnownActor>);

impl Actors for Known {
    fn known(&self, actor: &ActorId) -> Option<KnownActor> {
        self.0.get(actor).copied()
    }
}

/// Measures and prints the cost. The document grows during the measurement, from the full segment on.
///
/// # Panics
/// Panics if the gate refuses a reply.
pub fn print() {
    let writer = Writer {
        user: UserId::from_u128(random()),
        device: DeviceId::from_u128(random()),
    };
    let pen = Pen {
        actor: random().to_be_bytes(),
        user: Some(writer.user),
    };
    let mut actors = Known(HashMap::new());
    let mut console = begin(DocumentKind::Timeline);
    let mut server = begin(DocumentKind::Timeline);
    let mut took = vec![];
    for number in 0..MESSAGES + PUSHES {
        let message = Message {
            id: MessageId::new(0, random()),
            author: Author::Agent(writer.user),
            kind: Kind::Text,
            body: format!("Message {number}: the lamp was sent today and is with you tomorrow."),
            at: 0,
            reply_to: None,
            private: false,
            template: None,
            attachments: vec![],
        };
        let bytes = timeline::append(&mut console, &pen, &message).expect("a change");
        let begun = Instant::now();
        let changes = gate::read(&[bytes]).expect("a change");
        let passed = gate::check(DocumentKind::Timeline, &server, &actors, writer, changes).expect("a reply");
        let known = passed.changes.last().map(|change| KnownActor {
            bound_to: Some(writer),
            seq: change.seq(),
            max_op: change.max_op(),
        });
        server.apply_changes(passed.changes).expect("it applies");
        let lasted = begun.elapsed();
        actors
            .0
            .extend(known.map(|known| (ActorId::from(&pen.actor[..]), known)));
        if number >= MESSAGES {
            took.push(lasted);
        }
    }
    let label = format!(
        "gate and dry run of a reply, {MESSAGES} to {} messages",
        MESSAGES + PUSHES
    );
    figures::print_times(&label, took);
}
