//! An archive on its way from the thread that makes it.

use std::io::{self, ErrorKind, Write};

use bytes::{Bytes, BytesMut};
use tokio::sync::mpsc;

/// Bytes of a piece.
const PIECE: usize = 256 << 10;

/// Sends what is written, piece by piece, as fast as pieces are taken. The last one is kept back.
pub(super) struct Sender {
    pieces: mpsc::Sender<io::Result<Bytes>>,
    piece: BytesMut,
}

impl Sender {
    pub(super) fn new(pieces: mpsc::Sender<io::Result<Bytes>>) -> Self {
        Self {
            pieces,
            piece: BytesMut::with_capacity(PIECE),
        }
    }

    /// What was not sent. There always is something where something was written.
    pub(super) fn rest(self) -> Bytes {
        self.piece.freeze()
    }
}

impl Write for Sender {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.piece.len() == PIECE {
            let piece = std::mem::replace(&mut self.piece, BytesMut::with_capacity(PIECE)).freeze();
            let sent = self.pieces.blocking_send(Ok(piece));
            sent.map_err(|_| io::Error::new(ErrorKind::BrokenPipe, "nobody takes the archive any longer"))?;
        }
        let fits = bytes.len().min(PIECE - self.piece.len());
        self.piece.extend_from_slice(&bytes[..fits]);
        Ok(fits)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_last_piece_is_kept_back_and_no_more_are_made_than_taken() {
        let (sender, mut receiver) = mpsc::channel(1);
        let written: Vec<u8> = (0..3 * PIECE).map(|at| at as u8).collect();
        let expected = written.clone();
        let writing = tokio::task::spawn_blocking(move || {
            let mut sender = Sender::new(sender);
            sender.write_all(&written).unwrap();
            sender.rest()
        });
        let mut found = Vec::new();
        while let Some(piece) = receiver.recv().await {
            found.extend_from_slice(&piece.unwrap());
        }
        assert_eq!(found.len(), 2 * PIECE);
        found.extend_from_slice(&writing.await.unwrap());
        assert_eq!(found, expected);
    }

    #[tokio::test]
    async fn writing_fails_once_nobody_takes_anything() {
        let (sender, receiver) = mpsc::channel(1);
        let writing = tokio::task::spawn_blocking(move || {
            let mut sender = Sender::new(sender);
            sender.write_all(&vec![0; 4 * PIECE]).unwrap_err().kind()
        });
        drop(receiver);
        assert_eq!(writing.await.unwrap(), ErrorKind::BrokenPipe);
    }
}
