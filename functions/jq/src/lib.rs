//! Runs a jq program over a JSON text.
//!
//! `weft call jq '{"program": ".a[] + 1", "input": "{\"a\": [1, 2]}"}'` answers `["2","3"]`.

wit_bindgen::generate!({ path: "wit" });

mod mistake;

use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Filter, Vars, data, unwrap_valr};
use jaq_json::{Val, read};

type Data = data::JustLut<Val>;

const MAX_VALUES: usize = 100_000;

struct Jq;

impl Guest for Jq {
    fn jq(program: String, input: String) -> Result<Vec<String>, JqError> {
        let filter = compile(&program)?;
        let input =
            read::parse_single(input.as_bytes()).map_err(|error| JqError::BadInput(error.to_string()))?;
        let mut values = Vec::new();
        for value in filter
            .id
            .run((Ctx::<Data>::new(&filter.lut, Vars::new([])), input))
        {
            if values.len() == MAX_VALUES {
                return Err(JqError::TooManyValues);
            }
            let value = unwrap_valr(value).map_err(|error| JqError::Failed(error.to_string()))?;
            values.push(value.to_string());
        }
        Ok(values)
    }
}

fn compile(program: &str) -> Result<Filter<Data>, JqError> {
    let definitions = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
    let functions = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs());
    let arena = Arena::default();
    let modules = Loader::new(definitions)
        .load(
            &arena,
            File {
                code: program,
                path: (),
            },
        )
        .map_err(|errors| JqError::BadProgram(mistake::unreadable(program, &errors)))?;
    Compiler::default()
        .with_funs(functions)
        .compile(modules)
        .map_err(|errors| JqError::BadProgram(mistake::undefined(&errors)))
}

export!(Jq);
