//! Accounts that can do more on a device than they are for: snapshots, and users of the device.
//!
//! Deliberately absent: streams and recordings (`end_to_end::camera_accounts`, over real RTSP).

use super::services::{absent, device};
use super::{USER, endpoint, limits};
use crate::scripted_device::{Device, http, soap};
use vedetta::onvif::account_trial::{AccountUse, Attempt, Excess, try_account};
use vedetta::onvif::{AccountTrial, OnvifError};

const SERVICES: &[(&str, &str)] = &[("ver10/media", "/media")];
const PROFILE: &str = "<trt:GetProfilesResponse><trt:Profiles token=\"main\">\
    <tt:VideoSourceConfiguration token=\"v\"><tt:SourceToken>s</tt:SourceToken></tt:VideoSourceConfiguration>\
    <tt:VideoEncoderConfiguration token=\"e\"><tt:Encoding>H264</tt:Encoding><tt:Resolution><tt:Width>640</tt:Width>\
    <tt:Height>360</tt:Height></tt:Resolution></tt:VideoEncoderConfiguration></trt:Profiles></trt:GetProfilesResponse>";

/// A device with a snapshot behind Digest that the account gets with this status, and which says who its users are where the account
/// may ask.
async fn with_a_snapshot(status: &'static str, users: Option<&'static [(&'static str, &'static str)]>) -> Device {
    device(SERVICES, move |request, _| match () {
        () if request.head.starts_with("GET /snapshot") => match request.header("Authorization") {
            Some(answer) if answer.contains(USER) && answer.contains("uri=\"/snapshot\"") => http(status, &[], "picture"),
            _ => {
                let challenge = "WWW-Authenticate: Digest realm=\"r\", qop=\"auth\", nonce=\"n\"";
                http("401 Unauthorized", &[challenge], "")
            }
        },
        () if request.asks("GetProfiles") => soap(PROFILE),
        () if request.asks("GetStreamUri") => soap(
            "<trt:GetStreamUriResponse><trt:MediaUri><tt:Uri>rtsp://10.0.0.1/main</tt:Uri></trt:MediaUri></trt:GetStreamUriResponse>",
        ),
        // A placeholder host, as devices hand out: only the one that was named is asked.
        () if request.asks("GetSnapshotUri") => soap(
            "<trt:GetSnapshotUriResponse><trt:MediaUri><tt:Uri>http://10.0.0.1/snapshot</tt:Uri></trt:MediaUri>\
             </trt:GetSnapshotUriResponse>",
        ),
        () if request.asks("GetUsers") => match users {
            Some(users) => soap(&format!("<tds:GetUsersResponse>{}</tds:GetUsersResponse>", listed(users))),
            None => absent(),
        },
        () => absent(),
    })
    .await
}

fn listed(users: &[(&str, &str)]) -> String {
    let user = |(name, level): &(&str, &str)| {
        format!("<tds:User><tt:Username>{name}</tt:Username><tt:UserLevel>{level}</tt:UserLevel></tds:User>")
    };
    users.iter().map(user).collect()
}

/// The findings where no stream opens.
async fn trial(device: &Device, used_for: AccountUse) -> AccountTrial {
    let shut = async |_: Attempt<'_>| Ok::<_, OnvifError>(false);
    try_account(endpoint(device), limits(), used_for, shut).await.unwrap()
}

#[tokio::test]
async fn r_mnt_1_an_account_for_figures_that_gets_a_snapshot_is_refused() {
    let open = with_a_snapshot("200 OK", None).await;
    let found = trial(&open, AccountUse::Figures).await;
    assert_eq!(
        (found.excesses.as_slice(), found.is_refused()),
        (&[Excess::Snapshots][..], true)
    );
    let shut = with_a_snapshot("403 Forbidden", None).await;
    let found = trial(&shut, AccountUse::Figures).await;
    assert_eq!((found.excesses.as_slice(), found.is_refused()), (&[][..], false));
    let unclear = with_a_snapshot("500 Internal Server Error", None).await;
    let found = trial(&unclear, AccountUse::Figures).await;
    assert_eq!(found.untried.len(), 1, "not «no»: {found:?}");
    let found = trial(&open, AccountUse::Pictures).await;
    assert!(found.excesses.is_empty(), "its pictures are what it is for: {found:?}");
}

#[tokio::test]
async fn r_acc_2_an_account_that_administers_a_device_is_found_by_its_level_and_every_user_is_told() {
    let users: [&'static [_]; 2] = [
        &[(USER, "Administrator"), ("intruso", "Administrator")],
        &[(USER, "Operator"), ("intruso", "Administrator")],
    ];
    for (users, excesses) in users.into_iter().zip([&[Excess::Administers][..], &[]]) {
        let device = with_a_snapshot("403 Forbidden", Some(users)).await;
        let found = trial(&device, AccountUse::Pictures).await;
        assert_eq!((found.excesses.as_slice(), found.is_refused()), (excesses, false));
        let names: Vec<_> = found
            .users
            .iter()
            .map(|user| (user.name.as_str(), user.is_administrator()))
            .collect();
        assert_eq!(names, [(USER, !excesses.is_empty()), ("intruso", true)]);
    }
}

#[tokio::test]
async fn r_acc_2_an_account_that_reads_the_users_of_a_device_without_being_listed_counts_as_administrator() {
    // As with the account that was there before anybody, which some devices keep out of their list.
    for users in [&[("altro", "Operator")][..], &[]] {
        let device = with_a_snapshot("403 Forbidden", Some(users)).await;
        let found = trial(&device, AccountUse::Pictures).await;
        assert_eq!(found.excesses, [Excess::Administers], "{users:?}");
        let found = trial(&device, AccountUse::Figures).await;
        assert!(found.is_refused(), "{users:?}");
    }
}
