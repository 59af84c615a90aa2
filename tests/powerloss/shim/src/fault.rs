//! What goes wrong, as a file says: `room <bytes>` until the disk is full, `fail <path>` whose syncs fail, `die <count>
//! <path>` at whose count-th sync the process is killed.
#![allow(unsafe_code)]

use std::ffi::{CString, c_int};

/// The faults of now.
pub(crate) struct Faults {
    control: Option<CString>,
    /// What the file said last: the room is counted anew when it says something else.
    said: Vec<u8>,
    room: Option<u64>,
    failing: Option<Vec<u8>>,
    deadly: Option<(u32, Vec<u8>)>,
}

impl Faults {
    pub(crate) fn controlled_by(file: Option<Vec<u8>>) -> Self {
        let control = file.and_then(|file| CString::new(file).ok());
        Self {
            control,
            said: Vec::new(),
            room: None,
            failing: None,
            deadly: None,
        }
    }

    /// How many of the bytes by which a file is to grow there is room for; taken from the room.
    pub(crate) fn take_room(&mut self, growth: u64) -> u64 {
        self.listen();
        match &mut self.room {
            None => growth,
            Some(room) => {
                let granted = growth.min(*room);
                *room -= granted;
                granted
            }
        }
    }

    /// Whether a sync of this path fails. One that is deadly does not return.
    pub(crate) fn sync_fails(&mut self, path: &[u8]) -> bool {
        self.listen();
        if let Some((left, _)) = self.deadly.as_mut().filter(|(_, deadly)| deadly == path) {
            *left -= 1;
            if *left == 0 {
                // SAFETY: the call touches no memory.
                unsafe { libc::kill(libc::getpid(), libc::SIGKILL) };
            }
        }
        self.failing.as_deref() == Some(path)
    }

    fn listen(&mut self) {
        let said = self.control.as_ref().and_then(read).unwrap_or_default();
        if said == self.said {
            return;
        }
        let text = String::from_utf8_lossy(&said);
        let argument = |word| text.lines().find_map(|line| line.strip_prefix(word));
        self.room = argument("room ").and_then(|bytes| bytes.parse().ok());
        self.failing = argument("fail ").map(|path| path.as_bytes().to_vec());
        self.deadly = argument("die ")
            .and_then(|words| words.split_once(' '))
            .and_then(|(count, path)| {
                let count = count.parse().ok().filter(|&count: &u32| count > 0)?;
                Some((count, path.as_bytes().to_vec()))
            });
        self.said = said;
    }
}

/// The first bytes of a file; a control file is shorter.
fn read(path: &CString) -> Option<Vec<u8>> {
    let mut text = vec![0_u8; 256];
    let flags = libc::O_RDONLY | libc::O_CLOEXEC;
    // SAFETY: `path` is a C string, `text` a buffer of the length given, `fd` is opened and closed here alone.
    let length = unsafe {
        let fd = libc::syscall(libc::SYS_openat, libc::AT_FDCWD, path.as_ptr(), flags);
        let fd = c_int::try_from(fd).ok().filter(|&fd| fd >= 0)?;
        let length = libc::syscall(libc::SYS_read, fd, text.as_mut_ptr(), text.len());
        libc::syscall(libc::SYS_close, fd);
        length
    };
    text.truncate(usize::try_from(length).ok()?);
    Some(text)
}
