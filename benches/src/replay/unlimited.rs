//! A cache without bounds: what a trace itself makes unavoidable.

/// Knows of every key until when it would be there.
#[derive(Debug)]
pub(super) struct Unlimited {
    /// Seconds on the caller's clock, plus one so that 0 can stand for absent.
    until_s: Vec<u64>,
}

const ABSENT: u64 = 0;
const FOR_EVER: u64 = u64::MAX;

impl Unlimited {
    pub(super) fn new(keys: usize) -> Self {
        Self {
            until_s: vec![ABSENT; keys],
        }
    }

    /// A get, which stores what was missing; says whether it was there.
    pub(super) fn get(&mut self, key: u32, ttl_s: u32, now_s: u64) -> bool {
        let hit = self.until_s[key as usize] > now_s + 1;
        if !hit {
            self.set(key, ttl_s, now_s);
        }
        hit
    }

    pub(super) fn set(&mut self, key: u32, ttl_s: u32, now_s: u64) {
        self.until_s[key as usize] = match ttl_s {
            0 => FOR_EVER,
            ttl_s => now_s + 1 + u64::from(ttl_s),
        };
    }

    pub(super) fn delete(&mut self, key: u32) {
        self.until_s[key as usize] = ABSENT;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expired_or_deleted_value_would_count_as_there() {
        let mut cache = Unlimited::new(2);
        assert!(!cache.get(0, 5, 0));
        assert!(cache.get(0, 5, 4));
        assert!(!cache.get(0, 5, 5), "it has lived for 5 s");
        assert!(cache.get(0, 5, 9), "stored again at 5 s");
        cache.set(1, 0, 0);
        assert!(cache.get(1, 0, u64::from(u32::MAX)));
        cache.delete(1);
        assert!(!cache.get(1, 0, 0));
    }
}
