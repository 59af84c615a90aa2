//! Strings as JSON.

const QUOTES: u64 = splat(b'"');
const BACKSLASHES: u64 = splat(b'\\');
const SPACES: u64 = splat(b' ');
const ONES: u64 = splat(1);
const HIGH_BITS: u64 = splat(0x80);

/// Appends `text`, which is UTF-8, in quotes and with what JSON does not allow within them escaped.
pub(super) fn string(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    let mut rest = text;
    loop {
        let plain = plain_prefix(rest);
        out.extend_from_slice(&rest[..plain]);
        let Some((&byte, behind)) = rest[plain..].split_first() else {
            break;
        };
        escape(byte, out);
        rest = behind;
    }
    out.push(b'"');
}

/// How many bytes at the front of `text` stand for themselves. Looks at eight at a time.
fn plain_prefix(text: &[u8]) -> usize {
    let mut plain = 0;
    let (words, _) = text.as_chunks::<8>();
    for word in words {
        let special = special(u64::from_le_bytes(*word));
        if special != 0 {
            return plain + special.trailing_zeros() as usize / 8;
        }
        plain += 8;
    }
    let special = text[plain..].iter().position(|&byte| is_special(byte));
    special.map_or(text.len(), |position| plain + position)
}

/// Sets the high bit of each byte that is special; bytes above the lowest one set may be set in error.
const fn special(word: u64) -> u64 {
    let quote = (word ^ QUOTES).wrapping_sub(ONES) & !(word ^ QUOTES);
    let backslash = (word ^ BACKSLASHES).wrapping_sub(ONES) & !(word ^ BACKSLASHES);
    let control = word.wrapping_sub(SPACES) & !word;
    (quote | backslash | control) & HIGH_BITS
}

const fn is_special(byte: u8) -> bool {
    byte < b' ' || byte == b'"' || byte == b'\\'
}

const fn splat(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

fn escape(byte: u8, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let short = match byte {
        b'"' | b'\\' => byte,
        0x08 => b'b',
        b'\t' => b't',
        b'\n' => b'n',
        0x0c => b'f',
        b'\r' => b'r',
        _ => {
            let (high, low) = (HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]);
            out.extend_from_slice(&[b'\\', b'u', b'0', b'0', high, low]);
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}
