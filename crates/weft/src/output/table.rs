//! Tables for people.

use std::fmt;

use comfy_table::presets::NOTHING;

/// A table without lines, its header in capitals.
pub(crate) struct Table(comfy_table::Table);

impl Table {
    /// An empty table with these columns.
    pub(crate) fn new<const N: usize>(header: [&str; N]) -> Self {
        let mut table = comfy_table::Table::new();
        table
            .load_preset(NOTHING)
            .set_header(header.map(str::to_uppercase));
        Self(table)
    }

    /// Adds a row, cells in the order of the header.
    pub(crate) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.0.add_row(cells);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, line) in self.0.lines().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            f.write_str(line.trim())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_lines_end_where_their_text_ends() {
        let mut table = Table::new(["name", "size"]);
        table.row(["pricing".into(), "3".into()]);
        table.row(["a".into(), "12".into()]);
        assert_eq!(table.to_string(), "NAME     SIZE\npricing  3\na        12");
    }
}
