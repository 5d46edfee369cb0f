//! A small XML tree: read from a request with bounds, built for a reply.
//!
//! Invariant: what is read has at most [`DEEPEST`] levels and no document type; what is written is escaped.
//! Deliberately absent: anything about SOAP; mixed content (SOAP bodies of ONVIF have none).

use quick_xml::escape::escape;
use quick_xml::events::Event;
use quick_xml::events::attributes::Attribute;
use quick_xml::name::ResolveResult;
use quick_xml::{NsReader, XmlVersion};

/// Levels a request may have.
const DEEPEST: usize = 64;

/// An element of a request, with its namespace resolved.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Node {
    pub namespace: String,
    pub name: String,
    attributes: Vec<(String, String)>,
    pub text: String,
    pub children: Vec<Node>,
}

/// Why a request cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    #[error("not well-formed: {0}")]
    Syntax(#[from] quick_xml::Error),
    #[error("the document is empty or not closed")]
    Incomplete,
    #[error("more than {DEEPEST} levels")]
    TooDeep,
    #[error("a document type is not allowed")]
    DocumentType,
    #[error("the prefix of {0} is not declared")]
    Prefix(String),
    #[error("the entity {0} is not known")]
    Entity(String),
}

impl Node {
    /// The root element of a document.
    ///
    /// # Errors
    /// [`Unreadable`]: not well-formed, too deep, or with a document type.
    pub fn read(document: &str) -> Result<Self, Unreadable> {
        let mut reader = NsReader::from_str(document);
        let mut open: Vec<Node> = Vec::new();
        loop {
            let (namespace, event) = reader.read_resolved_event()?;
            let closed = match event {
                Event::Start(ref start) | Event::Empty(ref start) => {
                    let local = start.local_name().as_ref().to_owned();
                    let namespace = match namespace {
                        ResolveResult::Bound(namespace) => namespace.as_ref().to_owned(),
                        ResolveResult::Unbound => String::new(),
                        ResolveResult::Unknown(_) => return Err(Unreadable::Prefix(local)),
                    };
                    let mut attributes = Vec::new();
                    for attribute in start.attributes() {
                        attributes.push(named(&attribute.map_err(quick_xml::Error::from)?)?);
                    }
                    if open.len() >= DEEPEST {
                        return Err(Unreadable::TooDeep);
                    }
                    let node = Node {
                        namespace,
                        name: local,
                        attributes,
                        ..Node::default()
                    };
                    if matches!(event, Event::Empty(_)) {
                        Some(node)
                    } else {
                        open.push(node);
                        None
                    }
                }
                Event::End(_) => open.pop(),
                Event::Text(text) => {
                    append(&mut open, &text.xml10_content());
                    None
                }
                Event::CData(text) => {
                    append(&mut open, &text.xml10_content());
                    None
                }
                Event::GeneralRef(reference) => {
                    let character = match (reference.resolve_char_ref()?, reference.xml10_content().as_ref()) {
                        (Some(character), _) => character,
                        (None, "amp") => '&',
                        (None, "lt") => '<',
                        (None, "gt") => '>',
                        (None, "quot") => '"',
                        (None, "apos") => '\'',
                        (None, other) => return Err(Unreadable::Entity(other.to_owned())),
                    };
                    append(&mut open, character.encode_utf8(&mut [0; 4]));
                    None
                }
                Event::DocType(_) => return Err(Unreadable::DocumentType),
                Event::Eof => return Err(Unreadable::Incomplete),
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => None,
            };
            if let Some(mut node) = closed {
                node.text = node.text.trim().to_owned();
                match open.last_mut() {
                    Some(parent) => parent.children.push(node),
                    None => return Ok(node),
                }
            }
        }
    }

    /// The first child of that local name, in any namespace: requests of real clients differ there.
    pub fn child(&self, name: &str) -> Option<&Node> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of the first child of that name, unless it is empty.
    pub fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name)
            .map(|child| child.text.as_str())
            .filter(|text| !text.is_empty())
    }

    /// The value of an attribute by its local name.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

fn named(attribute: &Attribute<'_>) -> Result<(String, String), Unreadable> {
    let value = attribute.normalized_value(XmlVersion::Implicit1_0)?.into_owned();
    Ok((attribute.key.local_name().as_ref().to_owned(), value))
}

fn append(open: &mut [Node], text: &str) {
    if let Some(node) = open.last_mut() {
        node.text.push_str(text);
    }
}

/// An element of a reply, named with one of the prefixes that the envelope declares.
#[derive(Debug, Clone, PartialEq)]
pub struct Element {
    name: &'static str,
    attributes: Vec<(&'static str, String)>,
    content: Content,
}

#[derive(Debug, Clone, PartialEq)]
enum Content {
    Text(String),
    Children(Vec<Element>),
}

/// An element with children.
pub fn node(name: &'static str, children: impl IntoIterator<Item = Element>) -> Element {
    Element {
        name,
        attributes: Vec::new(),
        content: Content::Children(children.into_iter().collect()),
    }
}

/// An element with text.
pub fn leaf(name: &'static str, text: impl ToString) -> Element {
    Element {
        name,
        attributes: Vec::new(),
        content: Content::Text(text.to_string()),
    }
}

impl Element {
    /// Adds an attribute to the element.
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.attributes.push((name, value.to_string()));
        self
    }

    /// Appends the element as text.
    pub fn write(&self, out: &mut String) {
        out.push('<');
        out.push_str(self.name);
        for (name, value) in &self.attributes {
            out.push(' ');
            out.push_str(name);
            out.push_str("=\"");
            out.push_str(&escape(value.as_str()));
            out.push('"');
        }
        match &self.content {
            Content::Children(children) if children.is_empty() => {
                out.push_str("/>");
                return;
            }
            Content::Children(children) => {
                out.push('>');
                children.iter().for_each(|child| child.write(out));
            }
            Content::Text(text) => {
                out.push('>');
                out.push_str(&escape(text.as_str()));
            }
        }
        out.push_str("</");
        out.push_str(self.name);
        out.push('>');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_entities_and_cdata_are_resolved() {
        let root = Node::read(
            r#"<?xml version="1.0"?><a:x xmlns:a="urn:a" xmlns="urn:b"><y k="1 &lt; 2"> A &amp; <![CDATA[<B>]]>&#x21; </y><a:z/></a:x>"#,
        )
        .unwrap();
        assert_eq!((root.namespace.as_str(), root.name.as_str()), ("urn:a", "x"));
        let y = root.child("y").unwrap();
        assert_eq!(
            (y.namespace.as_str(), y.text.as_str(), y.attribute("k")),
            ("urn:b", "A & <B>!", Some("1 < 2"))
        );
        assert!(root.child("z").is_some());
    }

    #[test]
    fn bad_documents_are_errors() {
        let deep = format!("{}{}", "<a>".repeat(200), "</a>".repeat(200));
        for document in [
            "",
            "<a>",
            "<a></b>",
            "<p:a/>",
            "<!DOCTYPE a><a/>",
            "<a>&nope;</a>",
            "plain",
            "<a b=1/>",
            deep.as_str(),
        ] {
            assert!(Node::read(document).is_err(), "{document:.20}");
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        let element = node(
            "tt:A",
            [leaf("tt:B", "x < y & \"z\""), node("tt:C", []).with("token", "a\"b")],
        );
        let mut text = String::new();
        element.write(&mut text);
        let root = Node::read(&text.replacen("<tt:A", "<tt:A xmlns:tt=\"urn:t\"", 1)).unwrap();
        assert_eq!(root.text_of("B"), Some("x < y & \"z\""));
        assert_eq!(root.child("C").unwrap().attribute("token"), Some("a\"b"));
    }
}
