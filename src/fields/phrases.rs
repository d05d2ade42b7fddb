//! Lists of words and phrases, looked up by their first word.

use super::lists::rows;
use super::text::folded;
use hashbrown::HashMap;

/// A word or phrase of a list.
pub(super) struct Phrase<K> {
    /// The words after the first.
    rest: Vec<String>,
    /// What it is.
    pub(super) kind: K,
    /// What stands for it in a key; empty where the list says nothing.
    pub(super) canonical: String,
}

impl<K> Phrase<K> {
    /// Its number of words, if the words after its first one are those that `next` starts with.
    pub(super) fn length<'a>(&self, next: impl IntoIterator<Item = &'a str>) -> Option<usize> {
        let mut next = next.into_iter();
        self.rest.iter().all(|word| next.next() == Some(word)).then(|| self.rest.len() + 1)
    }
}

/// A list `word,kind,canonical`, folded.
pub(super) struct Phrases<K>(HashMap<String, Vec<Phrase<K>>>);

impl<K> Phrases<K> {
    /// Reads a list; rows whose kind `kind` does not know are left out.
    pub(super) fn new(list: &'static str, kind: impl Fn(&str) -> Option<K>) -> Self {
        let mut phrases: HashMap<String, Vec<Phrase<K>>> = HashMap::new();
        for row in rows(list) {
            let cell = |index| row.get(index).unwrap_or("");
            let text = folded(cell(0));
            let mut words = text.split(' ').map(str::to_owned);
            if let (Some(first), Some(kind)) = (words.next().filter(|w| !w.is_empty()), kind(cell(1))) {
                let phrase = Phrase { rest: words.collect(), kind, canonical: folded(cell(2)) };
                phrases.entry(first).or_default().push(phrase);
            }
        }
        // The longest phrase of a kind is tried first.
        for group in phrases.values_mut() {
            group.sort_by_key(|phrase| std::cmp::Reverse(phrase.rest.len()));
        }
        Phrases(phrases)
    }

    /// The phrases that start with a folded word, longest first.
    pub(super) fn starting(&self, word: &str) -> &[Phrase<K>] {
        self.0.get(word).map_or(&[], Vec::as_slice)
    }

    /// Number of phrases.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.values().map(Vec::len).sum()
    }
}
