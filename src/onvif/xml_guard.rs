//! The one door every answer passes before anything parses it, and the first look into a SOAP answer.
//!
//! Invariant: [`check`] never recurses and never builds a tree, so a hostile answer cannot exhaust the stack; what it
//! lets through is whole, well-formed, free of DTDs and undeclared entities, and bounded in depth and number.
//! One repair is made because devices in use need it: a bare `&` becomes `&amp;`.
//!
//! Deliberately absent: namespaces. Devices use undeclared and wrong prefixes; names are compared without them.

use super::endpoint::Limits;
use super::error::{OnvifError, quote};
use super::soap_fault;
use oxvif::soap::XmlNode;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use std::borrow::Cow;

/// Attributes of one element; beyond it a duplicate check would grow quadratic.
const MAX_ATTRIBUTES: usize = 256;

/// Checks a body and gives it back as text that any XML parser can take.
///
/// # Errors
/// `TooLarge`, `TooDeep`, or `Nonsense` with the reason.
pub fn check(body: &[u8], limits: &Limits) -> Result<String, OnvifError> {
    if body.len() > limits.body {
        return Err(OnvifError::TooLarge {
            limit: limits.body,
            unit: "bytes",
        });
    }
    let text = decode(body)?;
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0' || c == '\u{feff}');
    if text.is_empty() {
        return Err(OnvifError::nonsense("the answer is empty"));
    }
    if !text.starts_with('<') {
        return Err(OnvifError::nonsense(format!(
            "the answer is no XML: {}",
            quote(text.get(..80).unwrap_or(text))
        )));
    }
    let text = escape_bare_ampersands(text);
    scan(&text, limits)?;
    Ok(text.into_owned())
}

fn decode(body: &[u8]) -> Result<Cow<'_, str>, OnvifError> {
    match std::str::from_utf8(body) {
        Ok(text) => Ok(Cow::Borrowed(text)),
        Err(e) => {
            let head = String::from_utf8_lossy(&body[..body.len().min(100)]).to_ascii_lowercase();
            if head.contains("iso-8859-1") {
                return Ok(Cow::Owned(body.iter().map(|&b| char::from(b)).collect()));
            }
            Err(OnvifError::nonsense(format!(
                "the answer is not UTF-8 at byte {}",
                e.valid_up_to()
            )))
        }
    }
}

/// Replaces every `&` that begins no reference; text in CDATA sections is left alone.
fn escape_bare_ampersands(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<']) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        if from.starts_with("<![CDATA[") {
            let end = from.find("]]>").map_or(from.len(), |end| end + 3);
            out.push_str(&from[..end]);
            rest = &from[end..];
            continue;
        }
        out.push_str(if from.starts_with('<') {
            "<"
        } else if begins_reference(from) {
            "&"
        } else {
            "&amp;"
        });
        rest = &from[1..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn begins_reference(from: &str) -> bool {
    let body = from
        .as_bytes()
        .iter()
        .skip(1)
        .take(12)
        .position(|&b| b == b';')
        .map(|end| &from[1..=end]);
    body.is_some_and(|name| {
        let name = name.strip_prefix('#').unwrap_or(name);
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric())
    })
}

fn scan(text: &str, limits: &Limits) -> Result<(), OnvifError> {
    let mut reader = Reader::from_str(text);
    let (mut depth, mut elements) = (0_usize, 0_usize);
    loop {
        let event = reader.read_event().map_err(|e| {
            OnvifError::nonsense(format!(
                "not well-formed at byte {}: {}",
                reader.error_position(),
                quote(&e.to_string())
            ))
        })?;
        match event {
            Event::Start(start) => {
                attributes(&start)?;
                (depth, elements) = (depth + 1, elements + 1);
                if depth > limits.depth {
                    return Err(OnvifError::TooDeep { limit: limits.depth });
                }
            }
            Event::Empty(start) => {
                attributes(&start)?;
                elements += 1;
            }
            Event::End(_) => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Ok(());
                }
            }
            Event::DocType(_) => return Err(OnvifError::nonsense("the answer carries a DTD")),
            Event::GeneralRef(name) => {
                let known = matches!(name.as_ref(), "amp" | "lt" | "gt" | "quot" | "apos");
                if !known && !matches!(name.resolve_char_ref(), Ok(Some(_))) {
                    return Err(OnvifError::nonsense("the answer uses an undeclared entity"));
                }
            }
            Event::Eof => return Err(OnvifError::nonsense("the answer breaks off")),
            _ => {}
        }
        if elements > limits.elements {
            return Err(OnvifError::TooLarge {
                limit: limits.elements,
                unit: "elements",
            });
        }
    }
}

fn attributes(start: &BytesStart<'_>) -> Result<(), OnvifError> {
    let mut count = 0;
    for attribute in start.attributes().with_checks(false) {
        count += 1;
        if count > MAX_ATTRIBUTES {
            return Err(OnvifError::TooLarge {
                limit: MAX_ATTRIBUTES,
                unit: "attributes",
            });
        }
        // An unquoted or nameless attribute is dropped by every reader after us; a bad reference would become "".
        let Ok(attribute) = attribute else { continue };
        if attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0).is_err() {
            return Err(OnvifError::nonsense(
                "an attribute holds a reference that means nothing",
            ));
        }
    }
    Ok(())
}

/// The element `tag` in the body of a checked answer.
///
/// # Errors
/// The fault the body holds, by kind; `Nonsense` when there is no body or another element in it.
pub fn response(text: &str, tag: &str) -> Result<XmlNode, OnvifError> {
    let mut body = body(text)?;
    if let Some(fault) = body.child("Fault") {
        return Err(soap_fault::sort(fault));
    }
    match body.children.iter().position(|child| child.local_name == tag) {
        Some(at) => Ok(body.children.swap_remove(at)),
        None => {
            let found = body
                .children
                .first()
                .map_or("nothing", |child| child.local_name.as_str());
            Err(OnvifError::nonsense(format!("{tag} expected, {} found", quote(found))))
        }
    }
}

/// The fault of a checked answer, if it is one.
pub fn fault(text: &str) -> Option<OnvifError> {
    if !text.contains("Fault") {
        return None;
    }
    body(text).ok()?.child("Fault").map(soap_fault::sort)
}

fn body(text: &str) -> Result<XmlNode, OnvifError> {
    oxvif::soap::parse_soap_body(text).map_err(|e| OnvifError::nonsense(quote(&e.to_string())))
}

/// The text of a child element, `None` when absent or empty.
pub fn text_of(node: &XmlNode, child: &str) -> Option<String> {
    node.child(child)
        .map(|n| n.text().to_owned())
        .filter(|text| !text.is_empty())
}

/// A finite number.
pub fn number(text: &str) -> Option<f64> {
    text.trim().parse::<f64>().ok().filter(|n| n.is_finite())
}

/// A device's time stamp in Unix milliseconds; one without a zone is taken as UTC, as ONVIF says all times are.
pub fn unix_ms(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Some(at.as_millisecond());
    }
    let civil: jiff::civil::DateTime = text.parse().ok()?;
    Some(
        civil
            .to_zoned(jiff::tz::TimeZone::UTC)
            .ok()?
            .timestamp()
            .as_millisecond(),
    )
}

/// Escapes text for an element or an attribute of a request.
pub fn escape(text: &str) -> Cow<'_, str> {
    quick_xml::escape::escape(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<String, OnvifError> {
        check(text.as_bytes(), &Limits::default())
    }

    fn nested(levels: usize) -> String {
        format!("{}{}", "<a>".repeat(levels), "</a>".repeat(levels))
    }

    #[test]
    fn depth_is_bounded_before_anything_recursive_sees_it() {
        assert!(read(&nested(64)).is_ok());
        assert!(matches!(read(&nested(65)), Err(OnvifError::TooDeep { limit: 64 })));
        assert!(matches!(read(&nested(50_000)), Err(OnvifError::TooDeep { .. })));
    }

    #[test]
    fn what_is_not_whole_or_not_plain_is_refused() {
        for text in [
            "",
            "  \0 ",
            "hello",
            "<a><b></a></b>",
            "<a><b>",
            "<a>&nope;</a>",
            "<a b='&nope;'/><c/>",
            "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>",
            "<a>\u{0}<",
            "<a/",
        ] {
            assert!(
                matches!(read(text), Err(OnvifError::Nonsense { .. })),
                "{text:?} gave {:?}",
                read(text)
            );
        }
        assert!(read("\u{feff}\r\n<?xml version=\"1.0\"?><a>x</a>\0\0").is_ok());
    }

    #[test]
    fn numbers_of_elements_and_attributes_are_bounded() {
        let many = format!("<r>{}</r>", "<a/>".repeat(100_001));
        assert!(matches!(
            read(&many),
            Err(OnvifError::TooLarge { unit: "elements", .. })
        ));
        let wide = format!("<r {}></r>", (0..300).map(|i| format!("a{i}='' ")).collect::<String>());
        assert!(matches!(
            read(&wide),
            Err(OnvifError::TooLarge { unit: "attributes", .. })
        ));
    }

    #[test]
    fn a_bare_ampersand_is_repaired_and_a_good_one_left_alone() {
        assert_eq!(
            read("<a>x?a=1&b=2&amp;c=&#65;</a>").unwrap(),
            "<a>x?a=1&amp;b=2&amp;c=&#65;</a>"
        );
        assert_eq!(read("<a><![CDATA[1&2]]>&</a>").unwrap(), "<a><![CDATA[1&2]]>&amp;</a>");
        assert_eq!(read("<a b='1&c=2'></a>").unwrap(), "<a b='1&amp;c=2'></a>");
    }

    #[test]
    fn latin_1_is_read_when_declared_and_refused_when_not() {
        let limits = Limits::default();
        let declared = b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>citt\xe0</a>";
        assert!(check(declared, &limits).unwrap().contains("città"));
        assert!(matches!(
            check(b"<a>citt\xe0</a>", &limits),
            Err(OnvifError::Nonsense { .. })
        ));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(body in proptest::collection::vec(any::<u8>(), 0..2000)) {
            if let Ok(text) = check(&body, &Limits::default()) {
                let _ = response(&text, "X");
                let _ = fault(&text);
            }
        }

        #[test]
        fn arbitrary_markup_never_panics(parts in proptest::collection::vec("[<>/&;=\"'a-c !\\[\\]?-]{1,12}", 0..60)) {
            let body = format!("<Envelope><Body>{}</Body></Envelope>", parts.concat());
            if let Ok(text) = check(body.as_bytes(), &Limits::default()) {
                prop_assert!(XmlNode::parse(&text).is_ok());
            }
        }
    }
}
