//! Mentions: `@Name` invites a colleague to the internal discussion. There is no "everyone".

use causerie_shared::{ids::UserId, user::UserRow};
use leptos::prelude::*;

use crate::store::Store;

/// The name being typed after an `@` at a word's start, with the byte offset of the `@`.
pub fn typed(text: &str) -> Option<(usize, &str)> {
    let at = text.rfind('@')?;
    let starts = text[..at].chars().next_back().is_none_or(char::is_whitespace);
    let name = &text[at + 1..];
    (starts && !name.contains('\n') && name.chars().count() <= 40).then_some((at, name))
}

/// The mentions in a text, in order: byte offset of the `@`, length in bytes with the `@`, user.
pub fn found(text: &str, users: &[UserRow]) -> Vec<(usize, usize, UserId)> {
    let mut all = vec![];
    for (at, _) in text.match_indices('@') {
        let rest = &text[at + 1..];
        // The longest name wins: "@Ana Ruiz" does not mention "Ana".
        let user = users
            .iter()
            .filter(|user| rest.starts_with(user.name.as_str()))
            .max_by_key(|user| user.name.len());
        all.extend(user.map(|user| (at, user.name.len() + 1, user.id)));
    }
    all
}

/// Renders a text with its mentions highlighted.
pub fn marked(store: Store, text: &str) -> AnyView {
    let users = store.users().get_untracked();
    let mut parts: Vec<AnyView> = vec![];
    let mut end = 0;
    for (at, length, _) in found(text, &users) {
        parts.push(text[end..at].to_owned().into_any());
        end = at + length;
        parts.push(view! { <span class="mention">{text[at..end].to_owned()}</span> }.into_any());
    }
    parts.push(text[end..].to_owned().into_any());
    parts.into_any()
}

#[cfg(test)]
mod tests {
    use causerie_shared::user::{Availability, Role};

    use super::*;

    fn user(id: u128, name: &str) -> UserRow {
        UserRow {
            id: UserId::from_u128(id),
            name: name.into(),
            role: Role::Agent,
            availability: Availability::Available,
            connected: true,
            load: 0,
            capacity: 3,
            active: true,
            idle_since: 0,
        }
    }

    #[test]
    fn a_mention_is_the_longest_name_behind_an_at() {
        let users = [user(1, "Ana"), user(2, "Ana Ruiz")];
        let text = "ask @Ana Ruiz, not @Ana; mail a@b.c to @Nobody";
        let found = found(text, &users);
        assert_eq!(
            found
                .iter()
                .map(|(at, length, id)| (&text[*at..at + length], id.to_u128()))
                .collect::<Vec<_>>(),
            [("@Ana Ruiz", 2), ("@Ana", 1)]
        );
    }

    #[test]
    fn a_name_is_typed_after_an_at_at_a_words_start() {
        assert_eq!(typed("hello @An"), Some((6, "An")));
        assert_eq!(typed("@"), Some((0, "")));
        assert_eq!(typed("me@shop"), None);
        assert_eq!(typed("no"), None);
    }
}
