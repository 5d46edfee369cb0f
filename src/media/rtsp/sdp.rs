//! The one stream in a session description (RFC 4566) that is wanted, read with patience for what cameras write.
//!
//! Invariant: any text gives a stream or an error, in time linear in its size. Deliberately absent: audio, everything of SDP
//! that playing one stream does not need.

use crate::media::decoder::Codec;
use crate::media::error::{LiveError, LiveErrorKind};
use rtsp_types::Url;

/// A stream that a session is opened for.
pub(crate) trait Described: Sized {
    /// Whether it comes from a recording.
    const REPLAY: bool;

    /// Before anything is described.
    fn unknown(url: &Url) -> Self;

    /// Finds the track in a description. `base` is `Content-Base` or the address asked for.
    ///
    /// # Errors
    /// [`LiveError`] when the description has no track that can be used.
    fn read(text: &str, base: &Url) -> Result<Self, LiveError>;

    /// Where SETUP goes.
    fn control(&self) -> &Url;

    /// Where PLAY, PAUSE and TEARDOWN go.
    fn aggregate(&self) -> &Url;
}

/// The metadata stream of a description (`application/vnd.onvif.metadata`, ONVIF Streaming Specification §5.1.2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MetadataTrack {
    pub(crate) payload_type: u8,
    control: Url,
    aggregate: Url,
}

impl Described for MetadataTrack {
    const REPLAY: bool = false;

    fn unknown(url: &Url) -> Self {
        Self {
            payload_type: 0,
            control: url.clone(),
            aggregate: url.clone(),
        }
    }

    fn read(text: &str, base: &Url) -> Result<Self, LiveError> {
        let (session_control, sections) = sections(text, "application ");
        let is_metadata = |section: &&Section| {
            let name = section.rtpmap.and_then(|map| map.split('/').next());
            name.is_some_and(|name| name.trim().eq_ignore_ascii_case("vnd.onvif.metadata"))
        };
        let section = sections
            .iter()
            .find(is_metadata)
            .ok_or_else(|| LiveError::new(LiveErrorKind::NoStream, "the description has no metadata"))?;
        let aggregate = session_control.map_or_else(|| base.clone(), |control| resolve(base, control));
        Ok(Self {
            payload_type: section.payload_type,
            control: section
                .control
                .map_or_else(|| aggregate.clone(), |control| resolve(base, control)),
            aggregate,
        })
    }

    fn control(&self) -> &Url {
        &self.control
    }

    fn aggregate(&self) -> &Url {
        &self.aggregate
    }
}

/// The video stream of a description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VideoTrack {
    pub(crate) codec: Codec,
    pub(crate) payload_type: u8,
    /// Ticks of the RTP time stamp per second.
    pub(crate) clock_rate: u32,
    /// Parameters of the codec (`a=fmtp`), names in lower case.
    pub(crate) parameters: Vec<(String, String)>,
    /// Where SETUP goes.
    pub(crate) control: Url,
    /// Where PLAY, PAUSE and TEARDOWN go.
    pub(crate) aggregate: Url,
}

impl Described for VideoTrack {
    const REPLAY: bool = true;

    fn unknown(url: &Url) -> Self {
        Self {
            codec: Codec::H264,
            payload_type: 96,
            clock_rate: 90_000,
            parameters: Vec::new(),
            control: url.clone(),
            aggregate: url.clone(),
        }
    }

    fn read(text: &str, base: &Url) -> Result<Self, LiveError> {
        video(text, base)
    }

    fn control(&self) -> &Url {
        &self.control
    }

    fn aggregate(&self) -> &Url {
        &self.aggregate
    }
}

/// The video stream of a camera, as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LiveTrack(pub(crate) VideoTrack);

impl Described for LiveTrack {
    const REPLAY: bool = false;

    fn unknown(url: &Url) -> Self {
        Self(VideoTrack::unknown(url))
    }

    fn read(text: &str, base: &Url) -> Result<Self, LiveError> {
        video(text, base).map(Self)
    }

    fn control(&self) -> &Url {
        &self.0.control
    }

    fn aggregate(&self) -> &Url {
        &self.0.aggregate
    }
}

/// One media section of the text.
#[derive(Default)]
struct Section<'a> {
    payload_type: u8,
    rtpmap: Option<&'a str>,
    fmtp: Option<&'a str>,
    control: Option<&'a str>,
}

/// The control of the session, and the sections of one kind of media.
fn sections<'a>(text: &'a str, kind: &str) -> (Option<&'a str>, Vec<Section<'a>>) {
    let mut session_control = None;
    let mut sections: Vec<Section> = Vec::new();
    let mut in_media = false;
    let mut wanted = false;
    for line in text.lines().map(str::trim).take(2_000) {
        if let Some(media) = line.strip_prefix("m=") {
            in_media = true;
            wanted = media.starts_with(kind);
            if wanted {
                let payload_type = media
                    .split_whitespace()
                    .nth(3)
                    .and_then(|pt| pt.parse().ok())
                    .unwrap_or(96);
                sections.push(Section {
                    payload_type,
                    ..Section::default()
                });
            }
        } else if let Some(control) = line.strip_prefix("a=control:") {
            match sections.last_mut() {
                Some(section) if wanted => section.control = Some(control.trim()),
                _ if !in_media => session_control = Some(control.trim()),
                _ => {}
            }
        } else if let Some(section) = sections.last_mut().filter(|_| wanted) {
            if let Some(map) = attribute(line, "a=rtpmap:", section.payload_type) {
                section.rtpmap = Some(map);
            } else if let Some(fmtp) = attribute(line, "a=fmtp:", section.payload_type) {
                section.fmtp = Some(fmtp);
            }
        }
    }
    (session_control, sections)
}

/// Finds the first video stream of a codec we know.
fn video(text: &str, base: &Url) -> Result<VideoTrack, LiveError> {
    let (session_control, sections) = sections(text, "video ");
    if sections.is_empty() {
        return Err(LiveError::new(LiveErrorKind::NoStream, "the description has no video"));
    }
    let aggregate = session_control.map_or_else(|| base.clone(), |control| resolve(base, control));
    let unknown = sections
        .iter()
        .filter_map(|section| section.rtpmap)
        .next()
        .unwrap_or("(not named)")
        .to_owned();
    sections
        .iter()
        .find_map(|section| track(section, base, &aggregate))
        .ok_or_else(|| {
            let detail = format!("the device sends {unknown}, which is neither H.264 nor H.265");
            LiveError::new(LiveErrorKind::NotSupported, detail)
        })
}

/// The rest of a line after `prefix` and the payload type.
fn attribute<'a>(line: &'a str, prefix: &str, payload_type: u8) -> Option<&'a str> {
    let (number, rest) = line.strip_prefix(prefix)?.trim().split_once(' ')?;
    (number.parse() == Ok(payload_type)).then(|| rest.trim())
}

fn track(section: &Section, base: &Url, aggregate: &Url) -> Option<VideoTrack> {
    let parameters: Vec<(String, String)> = section
        .fmtp
        .unwrap_or_default()
        .split(';')
        .filter_map(|pair| pair.trim().split_once('='))
        .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned()))
        .take(32)
        .collect();
    let has = |name: &str| parameters.iter().any(|(n, _)| n == name);
    let (codec, clock_rate) = match section.rtpmap {
        Some(map) => {
            let mut parts = map.split('/');
            let codec = Codec::from_encoding_name(parts.next()?.trim())?;
            (
                codec,
                parts
                    .next()
                    .and_then(|rate| rate.trim().parse().ok())
                    .filter(|rate| *rate > 0)
                    .unwrap_or(90_000),
            )
        }
        // Without a map the parameters tell; H.264 is by far the likeliest.
        None if has("sprop-vps") => (Codec::H265, 90_000),
        None if section.payload_type >= 96 => (Codec::H264, 90_000),
        None => return None,
    };
    let control = section
        .control
        .map_or_else(|| aggregate.clone(), |control| resolve(base, control));
    Some(VideoTrack {
        codec,
        payload_type: section.payload_type,
        clock_rate,
        parameters,
        control,
        aggregate: aggregate.clone(),
    })
}

/// A control address: `*` is the base, an absolute one stays on the host we talk to, a relative one is appended
/// (RFC 2326 §C.1.1; cameras append and do not resolve).
fn resolve(base: &Url, control: &str) -> Url {
    if control.is_empty() || control == "*" {
        return base.clone();
    }
    if control.contains("://") {
        return Url::parse(control)
            .ok()
            .filter(|url| url.scheme() == "rtsp")
            .map_or_else(
                || base.clone(),
                |mut url| {
                    // An address of another host (behind a translation, or a placeholder) leads nowhere: keep ours.
                    if url.set_host(base.host_str()).is_err() || url.set_port(base.port()).is_err() {
                        return base.clone();
                    }
                    url
                },
            );
    }
    let text = base.as_str();
    let slash = if text.ends_with('/') || control.starts_with('/') {
        ""
    } else {
        "/"
    };
    Url::parse(&format!("{text}{slash}{control}")).unwrap_or_else(|_| base.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> Url {
        Url::parse("rtsp://127.0.0.1:8554/rec/1").unwrap()
    }

    fn read(text: &str) -> Result<VideoTrack, LiveError> {
        video(text, &base())
    }

    #[test]
    fn a_usual_description_gives_its_video() {
        let track = read(
            "v=0\r\na=control:*\r\nm=audio 0 RTP/AVP 0\r\na=control:a\r\nm=video 0 RTP/AVP 97\r\na=rtpmap:97 H265/90000\r\n\
             a=fmtp:97 sprop-vps=QAE=; sprop-sps=QgE=;sprop-pps=RAE=\r\na=control:trackID=2\r\n",
        )
        .unwrap();
        assert_eq!(
            (track.codec, track.payload_type, track.clock_rate),
            (Codec::H265, 97, 90_000)
        );
        assert_eq!(track.control.as_str(), "rtsp://127.0.0.1:8554/rec/1/trackID=2");
        assert_eq!(track.aggregate, base());
        assert_eq!(track.parameters[1], ("sprop-sps".to_owned(), "QgE=".to_owned()));
    }

    #[test]
    fn no_map_and_only_a_session_control_are_lived_with() {
        let track = read("a=control:rtsp://10.0.0.1/all\nm=video 0 RTP/AVP 96\n").unwrap();
        assert_eq!((track.codec, track.payload_type), (Codec::H264, 96));
        assert_eq!(track.control.as_str(), "rtsp://127.0.0.1:8554/all");
    }

    #[test]
    fn what_cannot_be_played_is_a_clear_error() {
        assert_eq!(
            read("v=0\nm=audio 0 RTP/AVP 0\n").unwrap_err().kind,
            LiveErrorKind::NoStream
        );
        assert_eq!(read("<html>").unwrap_err().kind, LiveErrorKind::NoStream);
        let error = read("m=video 0 RTP/AVP 26\na=rtpmap:26 JPEG/90000\n").unwrap_err();
        assert_eq!(error.kind, LiveErrorKind::NotSupported);
        assert!(error.detail.contains("JPEG"));
    }

    #[test]
    fn metadata_is_found_beside_the_video_and_nothing_else_is_taken_for_it() {
        let text = "a=control:*\nm=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\na=control:v\nm=application 0 RTP/AVP 107\n\
                    a=rtpmap:107 VND.ONVIF.METADATA/90000\na=control:m\n";
        let track = MetadataTrack::read(text, &base()).unwrap();
        assert_eq!(track.payload_type, 107);
        assert_eq!(track.control.as_str(), "rtsp://127.0.0.1:8554/rec/1/m");
        assert_eq!(read(text).unwrap().payload_type, 96);
        for text in [
            "m=video 0 RTP/AVP 96\n",
            "m=application 0 RTP/AVP 107\na=rtpmap:107 SMPTE336M/90000\n",
        ] {
            assert_eq!(
                MetadataTrack::read(text, &base()).unwrap_err().kind,
                LiveErrorKind::NoStream
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(
            text in "(m=video |m=application |a=control:|a=rtpmap:|a=fmtp:|[ -~\n]){0,40}",
        ) {
            let _ = read(&text);
            let _ = MetadataTrack::read(&text, &base());
        }
    }
}
