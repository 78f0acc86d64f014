//! Exchanges whose later requests depend on earlier replies, which a row of the
//! table cannot say: a unique is whatever the server gave.

use crate::client::Client;
use crate::protocol::exchange::{Verdict, compare_and_keep};
use crate::protocol::target::Target;

/// In a reply `<a>` stands for a number that is not known yet; from then on,
/// in requests and replies, it stands for that number.
pub(crate) struct Conversation {
    pub(crate) name: &'static str,
    pub(crate) steps: &'static [(&'static str, &'static str)],
}

/// The numbers known by their letters.
#[derive(Default)]
struct Known(Vec<(char, String)>);

impl Known {
    fn fill_in(&self, text: &str) -> String {
        self.0
            .iter()
            .fold(text.to_owned(), |text, (letter, number)| {
                text.replace(&format!("<{letter}>"), number)
            })
    }

    /// Fills in what is known and returns the letters that are not, in order.
    fn expectation(&self, reply: &str) -> (String, Vec<char>) {
        let mut expect = self.fill_in(reply);
        let mut unknown = Vec::new();
        for letter in 'a'..='f' {
            let placeholder = format!("<{letter}>");
            if expect.contains(&placeholder) {
                unknown.push(letter);
                expect = expect.replace(&placeholder, "<n>");
            }
        }
        (expect, unknown)
    }
}

impl Conversation {
    pub(crate) fn hold(&self, target: &Target, piece: usize) -> Result<(), String> {
        let mut client = Client::connect(target.address);
        let mut known = Known::default();
        for (request, reply) in self.steps {
            for part in known.fill_in(request).as_bytes().chunks(piece) {
                client.send(part);
            }
            let (expect, unknown) = known.expectation(reply);
            let numbers = answer(&mut client, &expect)
                .map_err(|seen| format!("{}: to {request:?} {seen}", self.name))?;
            known.0.extend(unknown.into_iter().zip(numbers));
        }
        Ok(())
    }
}

/// Reads a whole reply and returns the numbers in the places of `<n>`.
fn answer(client: &mut Client, expect: &str) -> Result<Vec<String>, String> {
    loop {
        let mut numbers = Vec::new();
        match compare_and_keep(expect.as_bytes(), client.pending(), &mut numbers) {
            Verdict::Met(n) => {
                client.take(n);
                return Ok(numbers);
            }
            Verdict::MoreDue if client.fill() => {}
            Verdict::MoreDue | Verdict::Wrong => {
                let seen = client.pending().escape_ascii();
                return Err(format!("want {expect:?}, seen \"{seen}\""));
            }
        }
    }
}
