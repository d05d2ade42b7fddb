//! Who is who: declared parties grouped into the persons and firms behind them.

/// Parties of one role grouped into entities; every party belongs to one entity.
#[derive(Debug, Default)]
pub struct Entities {
    /// Entity of each party of [`Parties`](super::parcels::Parties).
    pub of_party: Vec<u32>,
    /// First member of each entity in `members`, and one past the last at the end.
    pub first_member: Vec<u32>,
    /// Parties, those of one entity together and ascending.
    pub members: Vec<u32>,
    /// Stable identifier of each entity, from the smallest fingerprint of its parties: it does not depend on the
    /// order of the input, nor on parties that are not its own.
    pub key: Vec<u64>,
}

impl Entities {
    /// Entities from a label for each party; labels are any numbers below the count of parties. Entities are numbered
    /// in the order of their first party.
    pub fn from_labels(labels: &[u32], fingerprints: &[u128]) -> Entities {
        const NONE: u32 = u32::MAX;
        let mut number = vec![NONE; labels.len()];
        let mut of_party = Vec::with_capacity(labels.len());
        let mut key = Vec::new();
        let mut count: Vec<u32> = Vec::new();
        for (party, &label) in labels.iter().enumerate() {
            let slot = &mut number[label as usize];
            if *slot == NONE {
                *slot = key.len() as u32;
                key.push(u64::MAX);
                count.push(0);
            }
            let smallest = &mut key[*slot as usize];
            *smallest = (*smallest).min((fingerprints[party] >> 64) as u64);
            of_party.push(*slot);
            count[*slot as usize] += 1;
        }
        let mut first_member = Vec::with_capacity(count.len() + 1);
        let mut next = 0;
        for n in &count {
            first_member.push(next);
            next += n;
        }
        first_member.push(next);
        let mut place = first_member.clone();
        let mut members = vec![0; labels.len()];
        for (party, &entity) in of_party.iter().enumerate() {
            members[place[entity as usize] as usize] = party as u32;
            place[entity as usize] += 1;
        }
        Entities { of_party, first_member, members, key }
    }

    /// How many entities there are.
    pub fn len(&self) -> usize {
        self.key.len()
    }
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.key.is_empty()
    }
    /// The parties of an entity, ascending.
    pub fn parties(&self, entity: u32) -> &[u32] {
        let range = self.first_member[entity as usize]..self.first_member[entity as usize + 1];
        &self.members[range.start as usize..range.end as usize]
    }
}

/// Comparable particulars of each declared party, as hashes; 0 where the party has none.
#[derive(Debug, Default)]
pub struct Contacts {
    /// Words of the name in no order, titles and legal forms left out.
    pub name: Vec<u64>,
    /// Street, house number and postcode (or city): the building.
    pub building: Vec<u64>,
    /// The building and the flat or floor in it, where one is given; the building otherwise.
    pub dwelling: Vec<u64>,
    /// Telephone.
    pub phone: Vec<u64>,
    /// E-mail.
    pub email: Vec<u64>,
    /// Registration number.
    pub registration: Vec<u64>,
    /// Whether the name says that it is a firm.
    pub business: Vec<bool>,
    /// Whether the address is a parcel locker, parcel shop or post office, shared by strangers.
    pub pickup: Vec<bool>,
    /// Whether the name is blank, a random identifier or a word that names nobody.
    pub nameless: Vec<bool>,
}

/// A line of the account of why two declarations are, or are not, one party.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evidence {
    /// What was compared: `prior`, `name`, `firm`, `address`, `street`, `house number`, `flat`, `postcode`, `city`,
    /// `phone`, `email`, `registration`, `country`, `household`.
    pub field: &'static str,
    /// How far it agrees.
    pub level: &'static str,
    /// What that says, bits: positive for one party, negative for two.
    pub weight: f32,
}

/// Two declarations that were found to be one party, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Tie {
    /// The one.
    pub a: u32,
    /// The other.
    pub b: u32,
    /// The account, which adds up to the evidence as a whole; empty where the two read alike.
    pub evidence: Box<[Evidence]>,
}

/// Parties of one role, resolved.
#[derive(Debug, Default)]
pub struct Resolved {
    /// Who belongs together.
    pub entities: Entities,
    /// What each party can be compared by.
    pub contacts: Contacts,
    /// What united the entities: one tie fewer than declarations in each, the strongest first.
    pub ties: Vec<Tie>,
    /// The odds of the night, by name.
    pub odds: serde_json::Value,
    /// What was left out to keep the work linear, a sentence each; empty as a rule.
    pub notes: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_become_entities_in_the_order_of_their_first_party() {
        let entities = Entities::from_labels(&[2, 1, 2, 3], &[1 << 64, 2 << 64, 3 << 64, 4 << 64]);
        assert_eq!(entities.of_party, [0, 1, 0, 2]);
        assert_eq!(entities.parties(0), [0, 2]);
        assert_eq!(entities.parties(2), [3]);
        assert_eq!(entities.key, [1, 2, 4]);
    }
}
