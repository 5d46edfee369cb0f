//! SOAP faults sorted into kinds a person can act on.
//!
//! Invariant: every fault becomes an error, the unknown ones `Fault` with the device's own codes and words, bounded.
//! Deliberately absent: HTTP status codes; devices send faults with any (`soap_channel`).

use super::error::{OnvifError, quote};
use oxvif::soap::XmlNode;

/// Sorts a SOAP 1.2 or 1.1 fault into a kind. Devices word the same trouble in many ways, so codes and text both count.
pub fn sort(fault: &XmlNode) -> OnvifError {
    let mut codes = Vec::new();
    let mut level = fault.child("Code");
    while let Some(node) = level {
        codes.extend(
            node.child("Value")
                .map(|value| quote(value.text()))
                .filter(|value| !value.is_empty()),
        );
        level = node.child("Subcode");
    }
    codes.extend(fault.child("faultcode").map(|code| quote(code.text())));
    let reason = fault
        .path(&["Reason", "Text"])
        .or_else(|| fault.child("faultstring"))
        .map(XmlNode::text);
    let detail = fault.child("Detail").or_else(|| fault.child("detail"));
    let detail_text = detail.and_then(|d| d.child("Text").map(XmlNode::text).or(d.text.as_deref()));
    let reason = quote(
        reason
            .filter(|r| !r.trim().is_empty())
            .or(detail_text)
            .unwrap_or_default(),
    );
    let mut words = format!("{} {reason}", codes.join(" "));
    if let Some(name) = detail.and_then(|d| d.children.first()) {
        words.push(' ');
        words.push_str(&name.local_name);
    }
    // Some devices put the telling code into the text of Detail, beside a reason of blanks.
    if let Some(text) = detail_text {
        words.push(' ');
        words.push_str(&quote(text));
    }
    let words = words.to_ascii_lowercase();
    // «Optional Action Not Implemented», «Action not supported»: codes spelt with blanks are the same codes.
    let closed: String = words.split_whitespace().collect();
    by_words(codes.join("/"), reason, &format!("{words} {closed}"))
}

fn by_words(code: String, reason: String, words: &str) -> OnvifError {
    let any = |list: &[&str]| list.iter().any(|word| words.contains(word));
    let detail = if reason.is_empty() {
        code.clone()
    } else {
        format!("{code}: {reason}")
    };
    const REFUSED: [&str; 9] = [
        "notauthorized",
        "not authorized",
        "unauthorized",
        "not authorised",
        "failedauthentication",
        "failedcheck",
        "invalidsecurity",
        "authority failure",
        "authentication fail",
    ];
    const EXPIRED: [&str; 4] = ["messageexpired", "timestamp", "time check", "expired"];
    const ABSENT: [&str; 7] = [
        "actionnotsupported",
        "not implemented",
        "notimplemented",
        "nosuchservice",
        "unknownaction",
        "method not found",
        "notsupported",
    ];
    const BUSY: [&str; 5] = [
        "busy",
        "toomany",
        "too many",
        "subscribecreationfailed",
        "resourceunavailable",
    ];
    if any(&REFUSED) || any(&EXPIRED) {
        OnvifError::WrongPassword { detail }
    } else if any(&ABSENT) {
        OnvifError::NotSupported { detail }
    } else if any(&BUSY) {
        OnvifError::Busy { detail }
    } else {
        OnvifError::Fault { code, reason }
    }
}

/// Whether a refusal speaks of time rather than of the password.
pub fn speaks_of_time(detail: &str) -> bool {
    let words = detail.to_ascii_lowercase();
    ["expired", "timestamp", "time check", "created"]
        .iter()
        .any(|word| words.contains(word))
}

#[cfg(test)]
mod tests {
    use crate::onvif::{OnvifErrorKind as K, xml_guard};

    #[test]
    fn faults_are_sorted_by_code_and_by_words() {
        let soap = |code: &str, reason: &str| {
            format!(
                "<E><Body><Fault><Code><Value>s:Sender</Value><Subcode><Value>{code}</Value></Subcode></Code>\
                 <Reason><Text>{reason}</Text></Reason></Fault></Body></E>"
            )
        };
        let kind = |code, reason| xml_guard::fault(&soap(code, reason)).unwrap().kind();

        assert_eq!(kind("ter:NotAuthorized", "x"), K::WrongPassword);
        assert_eq!(kind("wsse:FailedAuthentication", ""), K::WrongPassword);
        assert_eq!(kind("x", "Authority failure:Time check failed"), K::WrongPassword);
        assert_eq!(
            kind("ter:ActionNotSupported", "Optional Action Not Implemented"),
            K::NotSupported
        );
        assert_eq!(kind("s:Receiver", "Action not supported"), K::NotSupported);
        assert_eq!(
            kind("s:Receiver", "Sender not authorized to perform the action"),
            K::WrongPassword
        );
        let in_detail = "<E><Body><Fault><Code><Value>s:Receiver</Value></Code><Reason><Text>  </Text></Reason>\
                         <Detail><Text>ter:ActionNotSupported</Text></Detail></Fault></Body></E>";
        let error = xml_guard::fault(in_detail).unwrap();
        assert_eq!(error.kind(), K::NotSupported, "{error}");
        assert_eq!(kind("x", "Device Busy"), K::Busy);
        assert_eq!(kind("ter:InvalidArgVal", "no such profile"), K::Fault);
        let soap11 =
            "<E><Body><Fault><faultcode>SOAP-ENV:Client</faultcode><faultstring>no</faultstring></Fault></Body></E>";
        assert_eq!(
            xml_guard::fault(soap11).unwrap().to_string(),
            "fault SOAP-ENV:Client: no"
        );
    }
}
