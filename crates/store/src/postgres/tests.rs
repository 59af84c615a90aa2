//! Whatever a database or a role has set, our sessions keep their promises.

use sqlx::postgres::PgConnection;

use super::testing::fresh;
use super::{PostgresOptions, Role, Server};

async fn setting(connection: &mut PgConnection, name: &str) -> String {
    sqlx::query_scalar("SELECT current_setting($1)")
        .bind(name)
        .fetch_one(connection)
        .await
        .unwrap()
}

#[tokio::test]
async fn settings_of_the_database_weaken_nothing() {
    let postgres = fresh();
    let careless = [
        ("synchronous_commit", "off"),
        ("default_transaction_isolation", "serializable"),
        ("statement_timeout", "1s"),
        ("lock_timeout", "1s"),
        ("idle_in_transaction_session_timeout", "1s"),
    ];
    let set = careless
        .map(|(name, value)| format!("options[{name}]={value}"))
        .join("&");
    let before = if postgres.url.contains('?') { '&' } else { '?' };
    let url = format!("{}{before}{set}", postgres.url);
    let server = Server::new(&PostgresOptions { url, ..postgres }).unwrap();
    for (role, commit) in [(Role::Claim, "on"), (Role::Journal, "on"), (Role::Records, "off")] {
        let mut connection = server.connect(role).await.unwrap();
        for (name, _) in &careless[2..] {
            assert_eq!(setting(&mut connection, name).await, "0", "{name}");
        }
        assert_eq!(
            setting(&mut connection, "synchronous_commit").await,
            commit,
            "{role:?}"
        );
        let isolation = setting(&mut connection, "default_transaction_isolation").await;
        assert_eq!(isolation, "read committed");
    }
}

#[tokio::test]
async fn waiting_for_standbys_is_the_operators_choice() {
    let postgres = fresh();
    let before = if postgres.url.contains('?') { '&' } else { '?' };
    let url = format!("{}{before}options[synchronous_commit]=remote_apply", postgres.url);
    let server = Server::new(&PostgresOptions { url, ..postgres }).unwrap();
    let mut connection = server.connect(Role::Journal).await.unwrap();
    assert_eq!(
        setting(&mut connection, "synchronous_commit").await,
        "remote_apply"
    );
}
