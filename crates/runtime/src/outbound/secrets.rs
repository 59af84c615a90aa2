//! Secrets in the headers of requests: a guest writes `{{secret:NAME}}`, and the text takes its place after the request was let
//! through, so that the guest never holds it.
//!
//! A secret goes to the hosts that its grant names and to no other, and is encrypted on its way, unless the version may reach
//! private networks, where there are servers without TLS.

use std::sync::Arc;

use http::header::{HeaderMap, HeaderValue};
use memchr::memmem;
use weft_function_engine::port::secrets::Secrets;
use weft_types::secret::{Malformed, fill};
use weft_types::settings::HostPattern;
use weft_types::{Grants, ProjectName, SecretName, SecretText};

use super::target::Target;

const BEGIN: &[u8] = b"{{secret:";

/// The secrets that a version may name.
pub(super) struct Granted {
    project: ProjectName,
    granted: Vec<(SecretName, Vec<HostPattern>)>,
    private: bool,
    source: Arc<dyn Secrets>,
}

/// Why a header that names a secret is not sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    #[error("{0}")]
    Malformed(#[from] Malformed),
    #[error("the secret `{0}` is not granted; grant it with `secrets: {{\"{0}\": [\"{1}\"]}}`")]
    Ungranted(SecretName, String),
    #[error(
        "the secret `{0}` is granted for other hosts only; grant it with `secrets: {{\"{0}\": [\"{1}\"]}}`"
    )]
    Elsewhere(SecretName, String),
    #[error(
        "the secret `{0}` would not be encrypted on its way; use https, or grant `private-network = true`"
    )]
    Plain(SecretName),
    #[error("the project has no secret `{0}`; `weft secret set {0}` sets it")]
    Missing(SecretName),
    #[error("with its secrets, a header would not be one")]
    Unfit,
}

impl Granted {
    /// What `grants` name. A pattern that does not read as one covers nothing.
    pub(super) fn new(project: &ProjectName, grants: &Grants, source: Arc<dyn Secrets>) -> Self {
        let granted = grants.secrets.iter().map(|(name, hosts)| {
            let hosts = hosts.iter().filter_map(|host| host.parse().ok());
            (name.clone(), hosts.collect())
        });
        Self {
            project: project.clone(),
            granted: granted.collect(),
            private: grants.private_network,
            source,
        }
    }

    /// Puts secrets into the headers that name them.
    pub(super) fn put_into(&self, headers: &mut HeaderMap, target: &Target) -> Result<(), Refused> {
        let named = headers
            .values_mut()
            .filter(|value| memmem::find(value.as_bytes(), BEGIN).is_some());
        for value in named {
            let text = std::str::from_utf8(value.as_bytes()).map_err(|_| Refused::Unfit)?;
            if let Some(filled) = fill(text, |name| self.find(name, target))? {
                let mut secret = HeaderValue::try_from(filled).map_err(|_| Refused::Unfit)?;
                secret.set_sensitive(true);
                *value = secret;
            }
        }
        Ok(())
    }

    fn find(&self, name: &SecretName, target: &Target) -> Result<SecretText, Refused> {
        let granted = self.granted.iter().find(|(known, _)| known == name);
        let ungranted = || Refused::Ungranted(name.clone(), target.to_string());
        let (_, hosts) = granted.ok_or_else(ungranted)?;
        let covers = |host: &HostPattern| host.matches(&target.host, target.port, target.default_port());
        if !hosts.iter().any(covers) {
            return Err(Refused::Elsewhere(name.clone(), target.to_string()));
        }
        if !target.tls && !self.private {
            return Err(Refused::Plain(name.clone()));
        }
        let text = self.source.text(&self.project, name);
        text.ok_or_else(|| Refused::Missing(name.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct One;

    impl Secrets for One {
        fn text(&self, project: &ProjectName, name: &SecretName) -> Option<SecretText> {
            let found = project.as_str() == "shop" && matches!(name.as_str(), "KEY" | "OTHER");
            found.then(|| SecretText::new("hunter2".to_owned()).unwrap())
        }
    }

    fn check(value: &str, uri: &str, private: bool, expected: Result<&str, &str>) {
        let grants = Grants {
            private_network: private,
            secrets: serde_json::from_value(serde_json::json!({
                "KEY": ["api.example.com", "127.0.0.1:9"],
                "OTHER": ["other.example.com"],
                "GONE": ["*"],
            }))
            .unwrap(),
            ..Grants::default()
        };
        let granted = Granted::new(&"shop".parse().unwrap(), &grants, Arc::new(One));
        let request = http::Request::get(uri).header("authorization", value);
        let mut request = request.body(()).unwrap();
        let target = Target::of(&request).unwrap();
        let put = granted.put_into(request.headers_mut(), &target);
        match expected {
            Ok(expected) => {
                assert_eq!(put, Ok(()), "{value} to {uri}");
                assert_eq!(request.headers()["authorization"], expected, "{value} to {uri}");
                let shown = format!("{:?}", request.headers());
                assert!(!shown.contains("hunter2"), "{shown}");
            }
            Err(part) => {
                let refused = put.expect_err(value).to_string();
                assert!(refused.contains(part), "{value} to {uri}: {refused}");
                assert!(!refused.contains("hunter2"), "{refused}");
            }
        }
    }

    #[test]
    fn secrets_go_where_their_grants_say() {
        let key = "Bearer {{secret:KEY}}";
        check("plain", "http://anywhere.test/", false, Ok("plain"));
        check(key, "https://api.example.com/", false, Ok("Bearer hunter2"));
        check(key, "http://127.0.0.1:9/", true, Ok("Bearer hunter2"));
    }

    #[test]
    fn they_go_nowhere_else() {
        let key = "Bearer {{secret:KEY}}";
        check(
            key,
            "https://api.example.com:444/",
            false,
            Err("for other hosts only"),
        );
        check(
            key,
            "https://evil.example.com/",
            true,
            Err("\"evil.example.com\""),
        );
        check(key, "http://api.example.com/", false, Err("not be encrypted"));
        let both = "{{secret:KEY}} {{secret:OTHER}}";
        check(
            both,
            "https://api.example.com/",
            false,
            Err("`OTHER` is granted for other"),
        );
        check(
            "{{secret:NONE}}",
            "https://api.example.com/",
            false,
            Err("not granted"),
        );
        check(
            "{{secret:GONE}}",
            "https://api.example.com/",
            false,
            Err("weft secret set GONE"),
        );
        check("{{secret:KEY", "https://api.example.com/", false, Err("no end"));
    }
}
