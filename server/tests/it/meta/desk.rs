//! Agents with a connected account, with the server's calls that the console uses.

use causerie_server::{
    access,
    conversations::claim,
    error::ServiceError,
    moderation, presence,
    store::{conversations, users},
};
use causerie_shared::{
    access::Access,
    conversation::transition::Event,
    document::DocumentId,
    ids::{ConversationId, MessageId, UserId},
    message::Message,
    refusal::{Code, Refusal},
    row::ConversationRow,
};
use serde_json::Value;

use crate::common::{desk::Desk, line::Line};

/// One of the demo's users.
pub struct Agent<'a> {
    line: &'a Line,
    pub user: UserId,
    access: Access,
}

/// The id of a conversation from the addresses for tests.
pub fn chat_id(chat: &Value) -> ConversationId {
    chat["id"].as_str().unwrap().parse().unwrap()
}

pub fn message_id(message: &Value) -> MessageId {
    message["id"].as_str().unwrap().parse().unwrap()
}

fn refused<T>(result: Result<T, ServiceError>) -> Result<T, Refusal> {
    result.map_err(|error| match error {
        ServiceError::Refused(refusal) => refusal,
        other => panic!("{other}"),
    })
}

/// The result with the refusal's code as its error.
pub fn code<T>(result: Result<T, Refusal>) -> Result<T, Code> {
    result.map_err(|refusal| refusal.code)
}

impl<'a> Agent<'a> {
    /// The demo's user whose e-mail address begins with `name`.
    pub async fn named(line: &'a Line, name: &str) -> Self {
        let mut db = line.app.store.read().await.unwrap();
        let email = format!("{name}@demo.test");
        let users = users::users(&mut db).await.unwrap();
        let user = users.iter().find(|user| user.email == email).unwrap().id;
        let record = users::user(&mut db, user).await.unwrap().unwrap();
        let access = access::of(&mut db, &record).await.unwrap();
        Self { line, user, access }
    }

    pub async fn connect(&self) {
        presence::connected(&self.line.app, self.user).await.unwrap();
    }

    pub async fn act(&self, chat: ConversationId, event: Event) -> Result<(), Code> {
        code(refused(
            claim::act(&self.line.app, &self.access, chat, event, None).await,
        ))
    }

    pub async fn head(&self, chat: ConversationId) -> ConversationRow {
        let mut db = self.line.app.store.read().await.unwrap();
        conversations::get(&mut db, chat).await.unwrap().unwrap()
    }

    /// Sends one message per text in one push, as a console does.
    async fn write(
        &self,
        chat: ConversationId,
        texts: &[&str],
        private: bool,
        reply_to: Option<MessageId>,
    ) -> Result<(), Refusal> {
        // The provider accepts only a number of messages per second.
        self.line.clock.advance(std::time::Duration::from_secs(1));
        let document = DocumentId::Timeline(chat, self.head(chat).await.segment);
        let mut desk = Desk::open_as(&self.line.app, self.access.clone(), document).await;
        let message = |text: &&str| Message {
            private,
            reply_to,
            ..desk.message(text)
        };
        let messages: Vec<Message> = texts.iter().map(message).collect();
        let written = desk.write(&messages).await;
        desk.close();
        self.line.quiesce().await;
        written
    }

    /// Sends a public answer.
    pub async fn reply(&self, chat: ConversationId, text: &str, reply_to: Option<MessageId>) -> Result<(), Refusal> {
        self.write(chat, &[text], false, reply_to).await
    }

    /// Sends an answer that only the thread's author sees.
    pub async fn reply_privately(&self, chat: ConversationId, text: &str) -> Result<(), Refusal> {
        self.write(chat, &[text], true, None).await
    }

    /// Sends two private replies in one push.
    pub async fn reply_privately_twice(&self, chat: ConversationId) -> Result<(), Refusal> {
        self.write(chat, &["A", "B"], true, None).await
    }

    pub async fn hide(&self, chat: ConversationId, message: MessageId, hidden: bool) -> Result<(), Refusal> {
        refused(moderation::hide(&self.line.app, &self.access, chat, message, hidden).await)
    }

    pub async fn delete(&self, chat: ConversationId, message: MessageId) -> Result<(), Refusal> {
        refused(moderation::delete(&self.line.app, &self.access, chat, message).await)
    }
}
