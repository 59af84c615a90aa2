//! A server that asks who one is, with people of two projects.

use reqwest::Method;
use serde_json::{Value, json};

use crate::api::{Answer, multipart, send};
use crate::{Api, Server, eventually};

/// The people of a project, by their roles.
pub const ROLES: [&str; 4] = ["viewer", "invoker", "developer", "owner"];

/// A server with a token of the platform, and the projects `shop` and `other`.
pub struct House {
    /// The server.
    pub server: Server,
    /// The token of the platform.
    pub admin: String,
}

impl House {
    /// Starts one.
    ///
    /// # Panics
    /// Where the server does not do as told.
    pub async fn start() -> Self {
        let server = Server::start().await;
        let made = post(&server.api, "/v1/tokens", &json!({"user": "root"}))
            .await
            .ok();
        let house = Self {
            server,
            admin: secret(&made),
        };
        for project in ["shop", "other"] {
            let path = format!("/v1/projects/{project}");
            house.put(&path, &json!({"owner": "owner"})).await.ok();
            for role in ROLES {
                let path = format!("{path}/members/{role}");
                house.put(&path, &json!({"role": role})).await.ok();
            }
        }
        house
    }

    /// As the platform.
    #[must_use]
    pub fn admin(&self) -> Api {
        self.server.api.with_token(&self.admin)
    }

    /// As the holder of a token.
    #[must_use]
    pub fn with(&self, token: &str) -> Api {
        self.server.api.with_token(token)
    }

    /// A token of a member of a project who has this role.
    pub async fn token(&self, project: &str, role: &str) -> String {
        secret(&self.made(project, role, 0).await)
    }

    /// A client with such a token.
    pub async fn member(&self, project: &str, role: &str) -> Api {
        self.with(&self.token(project, role).await)
    }

    /// A token that was revoked.
    pub async fn revoked(&self) -> String {
        let made = self.made("shop", "owner", 0).await;
        let path = format!("/v1/tokens/{}", made["token"]["id"].as_str().unwrap_or_default());
        let answer = send(self.admin().request(Method::DELETE, &path)).await;
        assert_eq!(answer.status, 204, "{}", answer.text());
        secret(&made)
    }

    /// A token that has expired.
    pub async fn expired(&self) -> String {
        let token = secret(&self.made("shop", "owner", 1).await);
        let api = self.with(&token);
        eventually("the token has expired", || async {
            api.get("/v1/self").await.status == 401
        })
        .await;
        token
    }

    /// Uploads code as a function of the project `shop`, to be seen by these.
    pub async fn deploy(&self, function: &str, code: Vec<u8>, visibility: &str) -> Value {
        let path = format!("/v1/projects/shop/functions/{function}");
        let request = self.admin().request(Method::PUT, &path);
        send(multipart(request, code, &json!({"visibility": visibility})))
            .await
            .ok()
    }

    /// Puts JSON, as the platform.
    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        let request = self.admin().request(Method::PUT, path);
        let request = request.header("content-type", "application/json");
        send(request.body(body.to_string())).await
    }

    async fn made(&self, project: &str, role: &str, lifetime: u32) -> Value {
        let asked = json!({"user": role, "role": role, "lifetime-seconds": lifetime});
        let path = format!("/v1/projects/{project}/tokens");
        post(&self.admin(), &path, &asked).await.ok()
    }
}

/// Posts JSON.
pub async fn post(api: &Api, path: &str, body: &Value) -> Answer {
    let request = api.request(Method::POST, path);
    let request = request.header("content-type", "application/json");
    send(request.body(body.to_string())).await
}

fn secret(made: &Value) -> String {
    made["secret"].as_str().unwrap_or_default().to_owned()
}
