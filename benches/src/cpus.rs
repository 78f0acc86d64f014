//! Keeping servers and load off each other's cores.

use std::fmt;
use std::fs;
use std::str::FromStr;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::Error;

/// Cores of this machine, written like `0`, `0,2` or `0-3`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cpus(Vec<usize>);

impl Cpus {
    /// The cores that the calling thread may use.
    pub fn allowed() -> Result<Self, Error> {
        let set = sched_getaffinity(None)
            .map_err(|e| Error::Failed(format!("which cores are there? {e}")))?;
        Ok(Self(
            (0..CpuSet::MAX_CPU)
                .filter(|&cpu| set.is_set(cpu))
                .collect(),
        ))
    }

    /// The first half and the rest; both halves are the same core where there is only one.
    pub fn halves(&self) -> (Self, Self) {
        if self.0.len() < 2 {
            return (self.clone(), self.clone());
        }
        let (first, rest) = self.0.split_at(self.0.len() / 2);
        (Self(first.to_vec()), Self(rest.to_vec()))
    }

    /// How many.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Whether one of them and one of the others are the same core, or two
    /// hardware threads of one.
    pub fn share_a_core_with(&self, others: &Self) -> bool {
        let is_others = |cpu: &usize| others.0.contains(cpu);
        self.0
            .iter()
            .any(|&cpu| is_others(&cpu) || siblings(cpu).0.iter().any(is_others))
    }

    /// Runs `what` on these cores; the threads and processes that it starts stay on them.
    pub fn during<T>(&self, what: impl FnOnce() -> T) -> Result<T, Error> {
        let before = Self::allowed()?;
        self.pin()?;
        let outcome = what();
        before.pin()?;
        Ok(outcome)
    }

    fn pin(&self) -> Result<(), Error> {
        let mut set = CpuSet::new();
        for &cpu in &self.0 {
            set.set(cpu);
        }
        sched_setaffinity(None, &set)
            .map_err(|e| Error::Usage(format!("cannot use cores {self}: {e}")))
    }
}

/// The hardware threads of a core, as far as the kernel tells.
fn siblings(cpu: usize) -> Cpus {
    fs::read_to_string(format!(
        "/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list"
    ))
    .ok()
    .and_then(|list| list.trim().parse().ok())
    .unwrap_or(Cpus(vec![cpu]))
}

impl FromStr for Cpus {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |text: &str| {
            text.parse::<usize>()
                .ok()
                .filter(|&cpu| cpu < CpuSet::MAX_CPU)
                .ok_or_else(|| format!("`{text}` is no core's number"))
        };
        let mut cpus = Vec::new();
        for part in text.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last) = (number(first)?, number(last)?);
            if first > last {
                return Err(format!("`{part}` runs backwards"));
            }
            cpus.extend(first..=last);
        }
        cpus.sort_unstable();
        cpus.dedup();
        Ok(Self(cpus))
    }
}

impl fmt::Display for Cpus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers: Vec<_> = self.0.iter().map(usize::to_string).collect();
        f.write_str(&numbers.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn a_range_of_cores_would_lose_one() {
        let cpus: Cpus = "5,0-2,1".parse().unwrap();
        assert_eq!(cpus.to_string(), "0,1,2,5");
        let (server, client) = cpus.halves();
        assert_eq!(
            (server.to_string(), client.to_string()),
            ("0,1".into(), "2,5".into())
        );
    }

    #[test]
    fn a_shared_core_would_go_unsaid() {
        let one: Cpus = "0".parse().unwrap();
        assert!(one.share_a_core_with(&"0-1".parse().unwrap()));
        assert!(!one.share_a_core_with(&"900".parse().unwrap()));
    }

    #[test]
    fn nonsense_would_pin_somewhere() {
        for text in ["", "a", "1-", "3-1", "0,,1", "99999"] {
            assert!(text.parse::<Cpus>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn what_is_started_would_run_anywhere() {
        let before = Cpus::allowed().unwrap();
        let (_, last) = before.halves();
        let inside = last
            .during(|| thread::spawn(Cpus::allowed).join().unwrap().unwrap())
            .unwrap();
        assert_eq!(inside, last);
        assert_eq!(Cpus::allowed().unwrap(), before);
    }
}
