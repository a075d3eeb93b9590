//! What a visitor sees of a chat, a message and a change of state.

use causerie_shared::{
    Millis,
    conversation::{FailReason, State},
    message::Author,
    row::{ConversationRow, JourneyRow},
    widget::{AgentName, Chat, ChatState, From, SystemEvent, VisitorMessage, WidgetFrame},
};

use crate::{conversations::closing, store::messages::MessageRecord};

/// Returns a frame as JSON.
pub fn encode(frame: &WidgetFrame) -> String {
    // Serialization cannot fail: the data is plain, and the keys of maps are strings.
    serde_json::to_string(frame).unwrap_or_default()
}

/// Returns the visitor's view of a chat. A bot chat looks like a waiting one until the widget supports bots, and a chat
/// within the undo window looks as before its end. Callers with a database connection pass `place` and `opens_at`.
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
    // The visitor does not learn who is offered the chat, only who took it.
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

/// Returns the part of a name that visitors see.
pub fn first_name(name: &str) -> String {
    name.split_whitespace().next().unwrap_or(name).to_owned()
}

/// Returns the visitor's view of a message.
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

/// Returns the line that a change of state adds to the visitor's chat, if the change concerns the visitor.
pub fn system_line(row: &JourneyRow, agent: Option<String>) -> Option<VisitorMessage> {
    let event = match &row.state {
        State::Assigned { .. } if matches!(row.cause.as_str(), "start" | "accept" | "jump_in") => SystemEvent::Joined,
        // An end that can be undone is shown when the undo window is over.
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
