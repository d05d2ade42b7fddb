//! Matching keys of e-mail addresses.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::LazyLock;

/// Placeholder local parts (`test@`) and domains (`@example.com`).
static PLACEHOLDERS: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    include_str!("data/email_placeholders.txt")
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect()
});

/// Domains that ignore dots in the local part; the second name is the first under another name.
const DOTLESS: [&str; 2] = ["gmail.com", "googlemail.com"];

/// The mailbox an e-mail address delivers to, for matching: lower case, without a plus-address, and
/// for Gmail without dots and with one domain name.
///
/// Of a list only the first address counts; `mailto:`, angle brackets and quotes around it vanish.
/// `None` where there is no single `@` followed by a domain with a dot, and for placeholders
/// (`noreply@`, `test@`, `unknown@`, `@example.com` …).
///
/// Cost: no allocation where the text already has this form.
pub fn email_key(text: &str) -> Option<Cow<'_, str>> {
    let address = first_address(text);
    let (local, domain) = address.split_once('@')?;
    let domain = domain.strip_suffix('.').unwrap_or(domain);
    if local.is_empty() || !is_domain(domain) {
        return None;
    }
    let mailbox = match local.split_once('+') {
        Some(("", _)) | None => local,
        Some((mailbox, _)) => mailbox,
    };
    let lower = |part: &str| part.chars().any(char::is_uppercase);
    let dotless = DOTLESS.iter().any(|name| name.eq_ignore_ascii_case(domain));
    let as_is = mailbox.len() == local.len()
        && !lower(address)
        && address.len() == local.len() + 1 + domain.len()
        && (!dotless || (domain == DOTLESS[0] && !local.contains('.')));
    let key = if as_is {
        Cow::Borrowed(address)
    } else if dotless {
        let plain = mailbox.replace('.', "").to_lowercase();
        Cow::Owned(format!("{plain}@{}", DOTLESS[0]))
    } else {
        Cow::Owned(format!("{}@{}", mailbox.to_lowercase(), domain.to_lowercase()))
    };
    let at = key.find('@').filter(|at| *at > 0)?;
    let placeholder = PLACEHOLDERS.contains(&key[..=at]) || PLACEHOLDERS.contains(&key[at..]);
    (!placeholder).then_some(key)
}

fn first_address(text: &str) -> &str {
    let inner = match text.split_once('<') {
        Some((_, rest)) => rest.split('>').next().unwrap_or(rest),
        None => text,
    };
    let inner = inner.trim().trim_matches(['"', '\'']);
    let inner = match inner.get(..7) {
        Some(head) if head.eq_ignore_ascii_case("mailto:") => &inner[7..],
        _ => inner,
    };
    inner
        .split(|c: char| matches!(c, ';' | ',') || c.is_whitespace())
        .find(|part| !part.is_empty())
        .unwrap_or("")
}

fn is_domain(domain: &str) -> bool {
    domain.contains('.')
        && domain
            .split('.')
            .all(|label| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(text: &str) -> Option<String> {
        email_key(text).map(Cow::into_owned)
    }

    #[test]
    fn mailboxes_meet() {
        for text in [
            "John.Smith+shop@Gmail.com",
            "johnsmith@googlemail.com",
            "j.o.h.n.smith@gmail.com",
            "mailto:johnsmith@gmail.com",
        ] {
            assert_eq!(key(text).as_deref(), Some("johnsmith@gmail.com"), "{text}");
        }
        assert_eq!(key(" Ana <A.Novak+x@Web.DE>; b@c.de").as_deref(), Some("a.novak@web.de"));
        assert_eq!(key("a.b@c-d.co.uk.").as_deref(), Some("a.b@c-d.co.uk"));
        assert_eq!(key("Ö@bücher.de").as_deref(), Some("ö@bücher.de"));
        assert!(matches!(email_key(" a.b@web.de "), Some(Cow::Borrowed("a.b@web.de"))));
    }

    #[test]
    fn no_mailbox() {
        for text in [
            "",
            "a",
            "a@b",
            "@b.de",
            "a@b@c.de",
            "a@.de",
            "a@b..de",
            "noreply@shop.com",
            "No-Reply@shop.com",
            "test@web.de",
            "na@na.na",
            "x@example.com",
            "...@gmail.com",
            "te.st@gmail.com",
        ] {
            assert_eq!(key(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn keys_are_their_own_key(text in "\\PC*|[A-Za-z.+]{1,8}@[a-z]{1,5}\\.[a-z]{2,3}|[A-Z.+a]{1,8}@gmail\\.com") {
            if let Some(first) = key(&text) {
                prop_assert_eq!(key(&first), Some(first));
            }
        }
    }
}
