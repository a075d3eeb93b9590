//! What a visitor is shown of a chat, a message and a change of state.

use causerie_shared::{
    Millis,
    conversation::{FailReason, State},
    message::Author,
    row::{ConversationRow, JourneyRow},
    widget::{AgentName, Chat, ChatState, From, SystemEvent, VisitorMessage, WidgetFrame},
};

use crate::{desk::closing, store::messages::MessageRecord};

/// A frame as text.
pub fn encode(frame: &WidgetFrame) -> String {
    // Plain data without maps of other keys than strings: serialising it cannot fail.
    serde_json::to_string(frame).unwrap_or_default()
}

/// The chat; a bot chat looks like a waiting one until bots come to the widget, and one whose end can still be undone
/// as it was before. `place` and `opens_at` are known to those who ask the database.
pub fn of(head: &ConversationRow, agent: Option<String>, place: Option<u32>, opens_at: Option<Millis>) -> Chat {
    let (state, offline) = match &head.state {
        State::Bot { .. } => (ChatState::Waiting, false),
        State::Waiting { offline, .. } | State::Assigning { offline, .. } => (ChatState::Waiting, *offline),
        State::Assigned { .. } | State::Transferring { .. } => (ChatState::Assigned, false),
        State::Ended {
            last_agent: Some(_), ..
        } if closing::is_pending(head) => (ChatState::Assigned, false),
        State::Ended { .. } if closing::is_pending(head) => (ChatState::Waiting, false),
        State::Ended { .. } => (ChatState::Ended, false),
        State::Failed {
            reason: FailReason::Missed,
            ..
        } => (ChatState::Missed, false),
        State::Failed {
            reason: FailReason::ChannelRemoved,
            ..
        } => (ChatState::Ended, false),
    };
    // The visitor does not hear who is asked, only who came.
    let agent = agent.filter(|_| state == ChatState::Assigned).map(|name| AgentName {
        name: first_name(&name),
    });
    Chat {
        id: head.id,
        number: head.number,
        state,
        place,
        agent,
        offline,
        opens_at: opens_at.filter(|_| offline),
        read: head.seen,
    }
}

/// Visitors see first names.
pub fn first_name(name: &str) -> String {
    name.split_whitespace().next().unwrap_or(name).to_owned()
}

/// A message.
pub fn message(record: &MessageRecord, agent: Option<String>) -> VisitorMessage {
    let from = match record.row.author {
        Author::Contact => From::Visitor,
        Author::Agent(_) | Author::Bot | Author::Elsewhere => From::Agent,
        Author::System => From::System,
    };
    VisitorMessage {
        id: record.row.id.to_string(),
        chat: record.row.conversation,
        cid: record.cid.clone(),
        position: record.row.position,
        from,
        name: agent.map(|name| first_name(&name)),
        text: record.body.clone(),
        at: record.row.accepted_at,
        files: record.row.files.clone(),
        event: None,
    }
}

/// The line that a change of state leaves in the visitor's chat, if it concerns them.
pub fn system_line(row: &JourneyRow, agent: Option<String>) -> Option<VisitorMessage> {
    let event = match &row.state {
        State::Assigned { .. } if matches!(row.cause.as_str(), "start" | "accept" | "jump_in") => SystemEvent::Joined,
        // What can be undone is told when it cannot any more.
        State::Ended { by: Some(_), .. } if row.cause != closing::CLOSED => return None,
        State::Ended { .. } => SystemEvent::Ended,
        State::Failed {
            reason: FailReason::Missed,
            ..
        } => SystemEvent::Missed,
        State::Bot { .. }
        | State::Waiting { .. }
        | State::Assigning { .. }
        | State::Assigned { .. }
        | State::Transferring { .. }
        | State::Failed {
            reason: FailReason::ChannelRemoved,
            ..
        } => return None,
    };
    Some(VisitorMessage {
        id: format!("{}-{}", row.conversation, row.version),
        chat: row.conversation,
        cid: None,
        position: row.position,
        from: From::System,
        name: agent.map(|name| first_name(&name)),
        text: String::new(),
        at: row.at,
        files: vec![],
        event: Some(event),
    })
}

#[cfg(test)]
mod tests;
