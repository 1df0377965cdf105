//! The page, and the way in: `/login?code=` takes a one-time code and gives a cookie.

use axum::Json;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Api;
use super::answer::Answer;
use crate::data_dir::random_text;

/// The page for those who have the cookie; for others, a word on how to get it.
pub(super) async fn page(State(api): State<Api>, headers: HeaderMap) -> Answer<Response> {
    if api.guard.has_cookie(&headers) {
        with_policy(StatusCode::OK, PAGE)
    } else {
        locked()
    }
}

#[derive(Deserialize)]
pub(super) struct Code {
    #[serde(default)]
    code: String,
}

pub(super) async fn login(State(api): State<Api>, Query(Code { code }): Query<Code>) -> Answer<Response> {
    match api.guard.redeem(&code)? {
        Some(cookie) => Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/")).into_response()),
        None => locked(),
    }
}

/// A fresh link to the page, for those who have the token.
pub(super) async fn login_code(State(api): State<Api>) -> Answer<Json<Value>> {
    Ok(Json(json!({ "url": api.guard.new_link()? })))
}

pub(super) async fn icon() -> impl IntoResponse {
    (
        [
            (header::CONTENT_TYPE, "image/svg+xml"),
            (header::CACHE_CONTROL, "private, max-age=86400"),
        ],
        ICON,
    )
}

fn locked() -> Answer<Response> {
    with_policy(StatusCode::UNAUTHORIZED, LOCKED)
}

/// Everything the page uses is inside it, and the policy says so: no other source is allowed, and of scripts and styles
/// only those that carry this answer's number.
fn with_policy(status: StatusCode, template: &str) -> Answer<Response> {
    let nonce = random_text(24)?;
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src 'self'; \
         connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    let mut response = (status, Html(template.replace("{{nonce}}", &nonce))).into_response();
    if let Ok(policy) = HeaderValue::try_from(policy) {
        response
            .headers_mut()
            .insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    Ok(response)
}

const PAGE: &str = include_str!("../../page/index.html");
const ICON: &str = include_str!("../../page/icon.svg");
const LOCKED: &str = include_str!("../../page/locked.html");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_asks_nobody_else_for_anything() {
        for page in [PAGE, LOCKED] {
            for outside in ["http://", "https://", "src=\"//", "@import", "url("] {
                let found = page.replace("http://www.w3.org/2000/svg", "");
                assert!(!found.contains(outside), "{outside}");
            }
            for unsafe_way in [
                "innerHTML",
                "insertAdjacentHTML",
                "document.write",
                "eval(",
                "style=\"",
                "onclick=",
            ] {
                assert!(!page.contains(unsafe_way), "{unsafe_way}");
            }
            assert_eq!(
                page.matches("<script").count(),
                page.matches("<script nonce=\"{{nonce}}\"").count()
            );
            assert_eq!(
                page.matches("<style").count(),
                page.matches("<style nonce=\"{{nonce}}\"").count()
            );
        }
    }
}
