//! A disk that is full, and one that fails.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout};

use tempfile::TempDir;
use weft_powerloss::{Loss, Recorder, State, read};

use crate::ledger::Ledger;
use crate::life::{DATA, scratch};
use crate::workload::{Outcome, REPLACED, Server, code};
use crate::{child, verdict};

/// Begins each line that answers.
const ANSWER: &str = "answer ";

/// Does what is asked on standard input, until that ends. The server is not closed: it ends as if killed.
pub(crate) async fn serve(data: &Path) {
    let server = Server::open(data).await;
    println!("{ANSWER}ok");
    let mut waiting = Vec::new();
    for line in std::io::stdin().lines() {
        let line = line.unwrap();
        let mut words = line.split(' ');
        let (what, number) = (words.next().unwrap(), words.next().unwrap().parse().unwrap());
        let outcome = match what {
            "deploy" => server.deploy(&format!("f{}", number % 3), &code(number)).await,
            "compile" => server.compile(&code(0), REPLACED, &code(number)).await,
            "set" => {
                server
                    .set(&format!("k{}", number % 10), "x".repeat(number * 10))
                    .await
            }
            "run" => server.append(number as u64, &mut waiting).await,
            "record" => server.record(number as u64).await,
            "settle" => server.settle(&mut waiting).await,
            other => panic!("`{other}` cannot be asked"),
        };
        match outcome {
            Ok(()) => println!("{ANSWER}ok"),
            Err(told) => println!("{ANSWER}{told}"),
        }
    }
}

/// A server on a disk that can be made to fail.
struct Patient {
    directory: TempDir,
    recorder: Recorder,
    talk: Option<Talk>,
}

struct Talk {
    process: Child,
    asked: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Patient {
    fn new() -> Self {
        let directory = scratch();
        let root = directory.path().join("root");
        fs::create_dir(&root).unwrap();
        let recorder = Recorder::new(&root, directory.path()).unwrap();
        let mut patient = Self {
            directory,
            recorder,
            talk: None,
        };
        patient.restart();
        patient
    }

    fn data(&self) -> PathBuf {
        self.directory
            .path()
            .canonicalize()
            .unwrap()
            .join("root")
            .join(DATA)
    }

    /// Starts the server, after its end where it was running.
    fn restart(&mut self) {
        self.stop();
        let mut process = child::command(&self.recorder, "serve", &self.data())
            .spawn()
            .unwrap();
        let (asked, answers) = (
            process.stdin.take().unwrap(),
            BufReader::new(process.stdout.take().unwrap()),
        );
        let mut talk = Talk {
            process,
            asked,
            answers,
        };
        assert_eq!(talk.answer(), Ok(()));
        self.talk = Some(talk);
    }

    fn stop(&mut self) {
        if let Some(Talk {
            mut process, asked, ..
        }) = self.talk.take()
        {
            drop(asked);
            assert!(process.wait().unwrap().success());
        }
    }

    fn ask(&mut self, what: &str) -> Outcome {
        let talk = self.talk.as_mut().unwrap();
        writeln!(talk.asked, "{what}").unwrap();
        talk.answer()
    }

    /// What was acknowledged is there, now and after a cut of power.
    async fn assert_kept_promises(&mut self) {
        self.stop();
        let (mut state, mut ledger) = (State::default(), Ledger::default());
        for event in read(self.recorder.log()).unwrap() {
            state.apply(&event);
            ledger.read(&event);
        }
        for loss in [Loss::Nothing, Loss::Everything, Loss::Some(1), Loss::Some(2)] {
            let directory = scratch();
            state.build(directory.path(), loss).unwrap();
            verdict::judge(&directory.path().join(DATA), &ledger)
                .await
                .unwrap();
        }
    }
}

impl Talk {
    fn answer(&mut self) -> Outcome {
        loop {
            let mut line = String::new();
            assert_ne!(
                self.answers.read_line(&mut line).unwrap(),
                0,
                "the server has ended"
            );
            // The test program prints lines of its own around.
            if let Some((_, answer)) = line.trim_end().split_once(ANSWER) {
                return if answer == "ok" {
                    Ok(())
                } else {
                    Err(answer.to_owned())
                };
            }
        }
    }
}

#[tokio::test]
async fn a_full_disk_loses_nothing_and_may_be_emptied() {
    let mut patient = Patient::new();
    patient.ask("deploy 1").unwrap();
    patient.ask("set 1").unwrap();
    let mut refusals = 0;
    for room in [
        0, 10, 3_000, 5_000, 9_000, 15_000, 25_000, 40_000, 80_000, 200_000, 500_000,
    ] {
        patient.recorder.leave_room(room).unwrap();
        for number in 2..12 {
            for what in ["deploy", "set", "compile", "run"] {
                if let Err(told) = patient.ask(&format!("{what} {number}")) {
                    assert!(told.ends_with("disk is full"), "{told}");
                    refusals += 1;
                }
            }
        }
        patient.recorder.heal().unwrap();
        for what in ["deploy 20", "set 20", "compile 20", "settle 0", "run 20"] {
            patient.ask(what).unwrap();
        }
    }
    assert!(refusals > 50, "the disk was full {refusals} times only");
    patient.assert_kept_promises().await;
}

#[tokio::test]
async fn a_failed_sync_ends_all_writing_until_reopened() {
    for (broken, what) in [
        ("data/weft.db-wal", "deploy"),
        ("data/kv.db-wal", "set"),
        ("data/artifacts/wasm", "deploy"),
        ("data/artifacts/compiled/v1", "compile"),
        // Synced in a checkpoint, which nobody waits for: the writes until then are acknowledged, and kept.
        ("data/kv.db", "set"),
        ("data/weft.db", "deploy"),
        ("data/journal.db-wal", "run"),
        ("data/journal.db", "run"),
        ("data/records.db-wal", "record"),
        ("data/records.db", "record"),
    ] {
        let mut patient = Patient::new();
        patient.ask("deploy 1").unwrap();
        patient.ask("set 1").unwrap();
        patient.recorder.fail_syncs(broken).unwrap();
        let told = (2..200).find_map(|number| patient.ask(&format!("{what} {number}")).err());
        assert!(told.is_some(), "nobody noticed that `{broken}` fails");
        patient.recorder.heal().unwrap();
        for refused in ["deploy 2", "set 2", "compile 2", "run 2"] {
            let told = patient.ask(refused).unwrap_err();
            assert!(
                told.contains("has stopped taking writes, because"),
                "{broken}: {refused}: {told}"
            );
            assert!(told.contains("restart the server"), "{broken}: {refused}: {told}");
        }

        patient.restart();
        for accepted in ["deploy 2", "set 2", "compile 2", "run 2"] {
            patient.ask(accepted).unwrap();
        }
        patient.assert_kept_promises().await;
    }
}
