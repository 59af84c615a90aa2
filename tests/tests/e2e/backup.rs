//! Backups of a server that was stopped or killed, and what is restored from them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use weft_tests::api::send;
use weft_tests::runs::{RUNS, ended, save, show, start};
use weft_tests::shell::Shell;
use weft_tests::{Api, Server, eventually, example, fixture};

const APPROVE: &str = "workflow: approve
input: { a: u32 }
nodes:
  sum: { call: arith#add, with: { a: $input.a, b: 1 } }
  approval: { wait: bool, after: [sum], timeout: 1h }
  signed: { call: arith#add, with: { a: $sum, b: 10 }, when: $approval }
output: $signed
";

const BLOBS: &str = "/v1/projects/default/blobs";

struct Kept {
    directory: TempDir,
    shell: Shell,
    functions: Value,
    blob: String,
    ended: Value,
    open: String,
    /// The key of secrets.
    key: String,
}

impl Kept {
    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    async fn weft(&self, arguments: &[&str]) -> Result<String, (Option<i32>, String)> {
        let output = self.shell.run(arguments, b"").await;
        match output.status.success() {
            true => Ok(String::from_utf8(output.stdout).unwrap()),
            false => Err((output.status.code(), String::from_utf8(output.stderr).unwrap())),
        }
    }

    async fn backup(&self, name: &str) -> Result<String, (Option<i32>, String)> {
        let (archive, data) = (self.path(name), self.path("data"));
        self.weft(&["backup", text(&archive), "--data", text(&data)])
            .await
    }

    async fn restore(&self, archive: &str, data: &str) -> Result<String, (Option<i32>, String)> {
        let (archive, data) = (self.path(archive), self.path(data));
        self.weft(&["restore", text(&archive), "--data", text(&data)])
            .await
    }

    /// What there was is there, and the run that was open goes on and ends.
    async fn check(&self, api: &Api) {
        assert_eq!(
            api.get("/v1/projects/default/functions").await.ok(),
            self.functions
        );
        let read = api.get(&format!("{BLOBS}/{}", self.blob)).await;
        assert_eq!(read.text(), "a blob");
        assert_eq!(show(api, self.ended["run"].as_str().unwrap()).await, self.ended);
        let secrets = api.get("/v1/projects/default/secrets").await.ok();
        assert_eq!(secrets["items"][0]["name"], "KEY", "{secrets}");
        let count = api.call("counter?export=get", &json!({"name": "n"})).await.ok();
        assert_eq!(count, json!(5));

        approve(api, &self.open).await;
        let told = ended(api, &self.open).await;
        assert_eq!(
            (&told["status"], &told["result"]),
            (&json!("succeeded"), &json!(13)),
            "{told}"
        );
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

async fn approve(api: &Api, run: &str) {
    let request = api.request(Method::POST, &format!("{RUNS}/{run}/nodes/approval/complete"));
    let request = request.header("content-type", "application/json").body("true");
    let brought = send(request).await;
    assert_eq!(brought.status, 204, "{}", brought.text());
}

async fn awaited(api: &Api, run: &str) {
    eventually("the approval is awaited", || async {
        show(api, run).await["awaiting"] == json!(["approval"])
    })
    .await;
}

/// A server with something of everything, and what is known of it.
async fn filled() -> (Server, Kept) {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("data")).unwrap();
    let server = Server::builder()
        .data(&directory.path().join("data"))
        .start()
        .await;
    let api = &server.api;
    api.deploy("arith", fixture("arith")).await;
    let grants = json!({"grants": {"keyvalue": ["default"]}});
    api.deploy_with("counter", example("counter"), grants).await;
    save(api, "approve", APPROVE).await.ok();
    api.call("counter?export=add", &json!({"name": "n", "by": 5}))
        .await
        .ok();
    let stored = send(api.request(Method::POST, BLOBS).body("a blob")).await.ok();
    let first = start(api, "approve", &json!({"a": 1})).await;
    awaited(api, &first).await;
    approve(api, &first).await;
    let ended = ended(api, &first).await;
    let open = start(api, "approve", &json!({"a": 2})).await;
    awaited(api, &open).await;
    let secret = api.request(Method::PUT, "/v1/projects/default/secrets/KEY");
    send(secret.json(&json!({"value": "a secret"}))).await.ok();
    let kept = Kept {
        key: fs::read_to_string(directory.path().join("data/secrets.key")).unwrap(),
        functions: api.get("/v1/projects/default/functions").await.ok(),
        blob: stored["digest"].as_str().unwrap().to_owned(),
        shell: Shell::without_server(tempfile::tempdir().unwrap()),
        directory,
        ended,
        open,
    };
    (server, kept)
}

/// Brings the key of secrets to a restored directory, and starts a server there.
async fn start_at(kept: &Kept, name: &str) -> Server {
    let data = kept.path(name);
    let file = data.join("secrets.key");
    fs::write(&file, &kept.key).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    Server::builder().data(&data).start().await
}

#[tokio::test]
async fn what_a_killed_server_had_acknowledged_goes_on_elsewhere() {
    let (server, kept) = filled().await;
    let (code, refused) = kept.backup("early").await.unwrap_err();
    assert!(
        code == Some(1) && refused.contains("is in use by process"),
        "{refused}"
    );
    assert!(!kept.path("early").exists());
    server.kill().await;

    kept.backup("archive").await.unwrap();
    let beside: Vec<_> = fs::read_dir(kept.directory.path()).unwrap().collect();
    assert_eq!(
        beside.len(),
        2,
        "only the archive and the data are there: {beside:?}"
    );
    // The archive is all that is needed, but for the key.
    fs::remove_dir_all(kept.path("data")).unwrap();
    kept.restore("archive", "elsewhere/data").await.unwrap();
    assert!(!kept.path("elsewhere/data/artifacts/compiled").exists());
    let archive = fs::read(kept.path("archive")).unwrap();
    let key = kept.key.trim().as_bytes();
    assert!(!archive.windows(key.len()).any(|bytes| bytes == key));
    let data = kept.path("elsewhere/data");
    let (_, refused) = kept.weft(&["serve", "--data", text(&data)]).await.unwrap_err();
    assert!(
        refused.contains("secrets.key with the keys that open them is missing"),
        "{refused}"
    );

    let server = start_at(&kept, "elsewhere/data").await;
    kept.check(&server.api).await;
}

#[tokio::test]
async fn nothing_is_restored_from_what_is_not_whole_or_over_something() {
    let (server, kept) = filled().await;
    assert!(server.stop().await.success());
    kept.backup("archive").await.unwrap();
    let (code, refused) = kept.backup("archive").await.unwrap_err();
    assert!(
        code == Some(2) && refused.contains("is there already"),
        "{refused}"
    );
    let (code, refused) = kept.restore("archive", "data").await.unwrap_err();
    assert!(code == Some(2) && refused.contains("is not empty"), "{refused}");
    let (code, refused) = kept
        .weft(&["backup", "x", "--data", "nowhere"])
        .await
        .unwrap_err();
    assert!(
        code == Some(2) && refused.contains("is not the data directory of a server"),
        "{refused}"
    );

    let archive = fs::read(kept.path("archive")).unwrap();
    let blob = archive.windows(6).position(|bytes| bytes == b"a blob").unwrap();
    let name = format!("blobs/data/{}", &kept.blob["blake3:".len()..][..2]);
    let mut altered = archive.clone();
    altered[blob] ^= 1;
    let half = archive.len() / 2;
    let torn = format!("it ends after {half} bytes, in `");
    for (bytes, expected) in [
        (&altered[..], format!("`{name}")),
        (&altered[..], "does not match its digest".to_owned()),
        (&archive[..half], torn),
        (&archive[..archive.len() - 1], "is torn".to_owned()),
        (b"no archive", "is no archive of `weft backup`".to_owned()),
    ] {
        fs::write(kept.path("bad"), bytes).unwrap();
        let (code, refused) = kept.restore("bad", "new").await.unwrap_err();
        assert!(
            code == Some(1) && refused.contains(&expected),
            "{expected}: {refused}"
        );
        assert!(!kept.path("new").exists());
    }
    kept.restore("archive", "new").await.unwrap();
    let server = start_at(&kept, "new").await;
    kept.check(&server.api).await;
}
