//! What each record claims by its procedure codes and scheme number, read once for each distinct text.

use super::Facts;
use crate::model::text::ABSENT;
use crate::refdata::procedures::{Procedure, claims_of_codes, claims_of_number, procedures};

/// Mark of a text that has been read.
const READ: u8 = 1 << 7;

/// Claims by distinct text: bit `i` for row `i` of the table of procedures.
#[derive(Debug)]
pub struct Claims {
    of_word: Vec<u8>,
}

impl Claims {
    /// Reads every distinct text of codes and every distinct number.
    pub fn of(facts: &Facts) -> Claims {
        let (words, parcels) = (&facts.shipments.words, &facts.shipments.parcels);
        let mut of_word = vec![0; words.len()];
        let columns: [(&[u32], fn(&str) -> u8); 2] =
            [(&parcels.procedures, claims_of_codes), (&parcels.ioss, claims_of_number)];
        for (column, read) in columns {
            for &word in column.iter().filter(|&&word| word != ABSENT) {
                let known = &mut of_word[word as usize];
                if *known & READ == 0 {
                    *known = READ | read(words.get(word));
                }
            }
        }
        Claims { of_word }
    }

    /// What a parcel's record claims under the law of its country of import.
    pub fn of_parcel(&self, facts: &Facts, parcel: u32) -> impl Iterator<Item = &'static Procedure> + use<> {
        let parcels = &facts.shipments.parcels;
        let p = parcel as usize;
        let bits = self.of_word[parcels.procedures[p] as usize] | self.of_word[parcels.ioss[p] as usize];
        let destination = parcels.destination[p];
        let named = move |(i, _): &(usize, &'static Procedure)| bits & !READ & (1 << i) != 0;
        let rows = procedures().iter().enumerate().filter(named).map(|(_, procedure)| procedure);
        rows.filter(move |procedure| procedure.holds_in(destination))
    }
}
