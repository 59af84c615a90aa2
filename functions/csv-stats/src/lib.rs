//! Sums up the columns of a CSV text, in one pass.
//!
//! `weft call csv-stats '{"csv": "name,age\nAda,36\nAlan,41", "options": {"header": true}}'` answers two rows, and of the
//! column `age` the least, greatest and mean number.

wit_bindgen::generate!({ path: "wit" });

mod tally;

use csv::{Reader, ReaderBuilder, StringRecord};

use tally::Tally;

struct CsvStats;

impl Guest for CsvStats {
    fn stats(csv: String, options: Options) -> Result<Table, CsvError> {
        let mut reader = reader(&csv, &options)?;
        let names = names(&mut reader, options.header)?;
        let mut tallies = vec![Tally::default(); names.len()];
        let mut rows = 0;
        let mut row = StringRecord::new();
        while reader.read_record(&mut row).map_err(|error| bad_row(&error))? {
            rows += 1;
            tallies
                .iter_mut()
                .zip(&row)
                .for_each(|(tally, field)| tally.add(field));
        }
        let columns = names
            .into_iter()
            .zip(tallies)
            .map(|(name, tally)| tally.finish(name))
            .collect();
        Ok(Table { rows, columns })
    }
}

fn reader<'a>(csv: &'a str, options: &Options) -> Result<Reader<&'a [u8]>, CsvError> {
    let delimiter = options.delimiter.unwrap_or(',');
    let byte = u8::try_from(delimiter).ok().filter(u8::is_ascii);
    let byte = byte.ok_or_else(|| {
        CsvError::BadOption(format!("the delimiter {delimiter:?} is not an ASCII character"))
    })?;
    Ok(ReaderBuilder::new()
        .delimiter(byte)
        .has_headers(options.header)
        .from_reader(csv.as_bytes()))
}

/// What the first row says, or `1`, `2` and so on where it names nothing.
fn names(reader: &mut Reader<&[u8]>, header: bool) -> Result<Vec<String>, CsvError> {
    let first = reader.headers().map_err(|error| bad_row(&error))?;
    if first.is_empty() {
        return Err(CsvError::Empty);
    }
    if header {
        return Ok(first.iter().map(str::to_owned).collect());
    }
    Ok((1..=first.len()).map(|number| number.to_string()).collect())
}

fn bad_row(error: &csv::Error) -> CsvError {
    let number = error.position().map_or(1, |position| position.record() + 1);
    CsvError::BadRow((number, error.to_string()))
}

export!(CsvStats);
