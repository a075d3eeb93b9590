//! Texts for refusals: chosen by code, with names and numbers filled in.

use causerie_shared::refusal::{Code, Refusal};

use super::{Key, t, tf};

/// Returns the text of a refusal for a person.
pub fn explain(refusal: &Refusal) -> String {
    let name = refusal.name.as_deref().unwrap_or_default();
    let numbers = refusal
        .numbers
        .map(|(have, limit)| (have.to_string(), limit.to_string()));
    match (refusal.code, numbers) {
        (Code::Taken, _) if !name.is_empty() => tf(Key::TookIt, &[("name", name)]),
        (Code::Capacity, Some((have, limit))) if !name.is_empty() => tf(
            Key::RefusedCapacity,
            &[("name", name), ("have", &have), ("limit", &limit)],
        ),
        (Code::Away, _) if !name.is_empty() => tf(Key::RefusedAway, &[("name", name)]),
        (code, _) => t(match code {
            Code::Malformed | Code::Invalid | Code::BadContent => Key::RefusedInvalid,
            Code::TooLarge => Key::RefusedTooLarge,
            Code::Unauthorized => Key::RefusedUnauthorized,
            Code::Forbidden | Code::BadOperation => Key::RefusedForbidden,
            Code::NotFound => Key::RefusedNotFound,
            Code::Conflict | Code::StaleEpoch | Code::Sealed | Code::BadHeader => Key::RefusedConflict,
            Code::Taken => Key::RefusedTaken,
            Code::Away => Key::RefusedNobody,
            Code::Capacity => Key::RefusedFull,
            Code::Closed => Key::RefusedClosed,
            Code::Quarantined => Key::RefusedQuarantined,
            Code::RateLimited => Key::RefusedRate,
            Code::BadOrigin => Key::RefusedOrigin,
            Code::Schema => Key::RefusedSchema,
            Code::BadFile => Key::RefusedFile,
            Code::BadLink => Key::RefusedLink,
            Code::BadCredentials => Key::RefusedCredentials,
            Code::Internal => Key::RefusedInternal,
            Code::WindowClosed => Key::RefusedWindow,
        })
        .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use causerie_shared::ids::UserId;

    use super::*;

    #[test]
    fn a_refusal_names_people_and_numbers() {
        let user = UserId::from_u128(1);
        assert_eq!(explain(&Refusal::taken(user, "Ana")), "Ana took it");
        assert_eq!(explain(&Refusal::capacity(user, "Ana", 3, 3)), "Ana has 3 of 3 chats.");
        assert!(!explain(&Refusal::new(Code::Closed, "")).is_empty());
    }
}
