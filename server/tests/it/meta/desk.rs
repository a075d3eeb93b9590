//! Agents at a connected account: what the console asks of the desk.

use causerie_server::{
    clock::random_u128,
    desk::{DeskError, change, claim, comments, presence, reply},
    store::{conversations, people},
    sync::{News, access},
};
use causerie_shared::{
    access::Access,
    conversation::transition::Event,
    ids::{ConversationId, MessageId, UserId},
    message::{Author, Kind, Message},
    refusal::{Code, Refusal},
    row::Head,
};
use serde_json::Value;

use crate::common::line::Line;

/// One of the demo's people.
pub struct Agent<'a> {
    line: &'a Line,
    pub user: UserId,
    access: Access,
}

/// An id as the test's addresses say it.
pub fn chat_id(chat: &Value) -> ConversationId {
    chat["id"].as_str().unwrap().parse().unwrap()
}

pub fn message_id(message: &Value) -> MessageId {
    message["id"].as_str().unwrap().parse().unwrap()
}

fn refused<T>(result: Result<T, DeskError>) -> Result<T, Refusal> {
    result.map_err(|error| match error {
        DeskError::Refused(refusal) => refusal,
        other => panic!("{other}"),
    })
}

/// Nothing but the code.
pub fn code<T>(result: Result<T, Refusal>) -> Result<T, Code> {
    result.map_err(|refusal| refusal.code)
}

impl<'a> Agent<'a> {
    /// By the name before the `@`.
    pub async fn named(line: &'a Line, name: &str) -> Self {
        let mut db = line.app.store.read().await.unwrap();
        let email = format!("{name}@demo.test");
        let users = people::users(&mut db).await.unwrap();
        let user = users.iter().find(|user| user.email == email).unwrap().id;
        let record = people::user(&mut db, user).await.unwrap().unwrap();
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

    pub async fn head(&self, chat: ConversationId) -> Head {
        let mut db = self.line.app.store.read().await.unwrap();
        conversations::get(&mut db, chat).await.unwrap().unwrap()
    }

    fn message(&self, text: &str, private: bool, reply_to: Option<MessageId>) -> Message {
        let now = self.line.app.clock.now();
        Message {
            id: MessageId::new(now, random_u128()),
            author: Author::Agent(self.user),
            kind: Kind::Text,
            body: text.to_owned(),
            at: now,
            reply_to,
            private,
            template: None,
            attachments: vec![],
        }
    }

    async fn write(&self, chat: ConversationId, messages: &[Message]) -> Result<(), Refusal> {
        let app = &self.line.app;
        // The provider takes only so many a second.
        self.line.clock.advance(std::time::Duration::from_secs(1));
        let target = reply::Target {
            conversation: chat,
            segment: self.head(chat).await.segment,
        };
        let mut news = News::default();
        let mut tx = app.store.begin().await.unwrap();
        let now = app.clock.now();
        refused(reply::accept(&mut tx, &self.access, target, messages, 10, now, &mut news).await)?;
        tx.commit().await.unwrap();
        change::publish(app, news);
        self.line.quiesce().await;
        Ok(())
    }

    /// An answer that everybody sees.
    pub async fn reply(&self, chat: ConversationId, text: &str, reply_to: Option<MessageId>) -> Result<(), Refusal> {
        self.write(chat, &[self.message(text, false, reply_to)]).await
    }

    /// An answer that the author of the thread alone sees.
    pub async fn reply_privately(&self, chat: ConversationId, text: &str) -> Result<(), Refusal> {
        self.write(chat, &[self.message(text, true, None)]).await
    }

    /// Two of them in one push.
    pub async fn reply_privately_twice(&self, chat: ConversationId) -> Result<(), Refusal> {
        self.write(chat, &[self.message("A", true, None), self.message("B", true, None)])
            .await
    }

    pub async fn hide(&self, chat: ConversationId, message: MessageId, hidden: bool) -> Result<(), Refusal> {
        refused(comments::hide(&self.line.app, &self.access, chat, message, hidden).await)
    }

    pub async fn delete(&self, chat: ConversationId, message: MessageId) -> Result<(), Refusal> {
        refused(comments::delete(&self.line.app, &self.access, chat, message).await)
    }
}
