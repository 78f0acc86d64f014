//! What the process asks of the system for itself: open files, and a user with fewer rights.

use std::ffi::CString;
use std::io;
use std::path::Path;

/// How many files may be open.
pub(crate) fn open_files_max() -> io::Result<u64> {
    open_files_limit().map(|limit| limit.rlim_cur)
}

fn open_files_limit() -> io::Result<libc::rlimit> {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: `limit` is a valid rlimit that the call may write.
    check(unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) })?;
    Ok(limit)
}

/// Raises the limit on open files to `wanted`, or as near as the hard limit lets it. Returns the
/// limit there is then.
pub(crate) fn raise_open_files(wanted: u64) -> io::Result<u64> {
    let mut limit = open_files_limit()?;
    if limit.rlim_cur < wanted {
        limit.rlim_cur = wanted.min(limit.rlim_max);
        // SAFETY: `limit` is a valid rlimit, which the call only reads.
        check(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) })?;
    }
    Ok(limit.rlim_cur)
}

/// Bytes of a page of memory.
pub(crate) fn page_bytes() -> u64 {
    // SAFETY: the call takes a number, and this one is known to every system.
    let bytes = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    bytes.unsigned_abs()
}

/// Name of the machine.
pub(crate) fn host() -> String {
    let system = rustix::system::uname();
    system.nodename().to_string_lossy().into_owned()
}

/// Whether the process runs as root.
pub(crate) fn is_root() -> bool {
    // SAFETY: the call takes nothing and cannot fail.
    unsafe { libc::geteuid() == 0 }
}

/// A user of the system.
#[derive(Debug)]
pub(crate) struct User {
    name: CString,
    uid: u32,
    gid: u32,
}

impl User {
    /// The user called `name`. To be called while there is one thread.
    pub(crate) fn find(name: &str) -> io::Result<User> {
        let unknown = || io::Error::new(io::ErrorKind::NotFound, "there is no such user");
        let name = CString::new(name).map_err(|_| unknown())?;
        // SAFETY: `name` ends with a NUL. The answer lies in a buffer of the C library, which only
        // another call of this kind overwrites, and there is no other thread to make one.
        let entry = unsafe { libc::getpwnam(name.as_ptr()).as_ref() }.ok_or_else(unknown)?;
        let (uid, gid) = (entry.pw_uid, entry.pw_gid);
        Ok(User { name, uid, gid })
    }

    /// Makes a file theirs, or a link itself and not what it points to.
    pub(crate) fn own(&self, path: &Path) -> io::Result<()> {
        std::os::unix::fs::lchown(path, Some(self.uid), Some(self.gid))
    }

    /// Gives up root's rights for theirs, for good.
    pub(crate) fn become_them(&self) -> io::Result<()> {
        // SAFETY: the name ends with a NUL.
        check(unsafe { libc::initgroups(self.name.as_ptr(), self.gid) })?;
        // SAFETY: the call takes a number.
        check(unsafe { libc::setgid(self.gid) })?;
        // SAFETY: the call takes a number.
        check(unsafe { libc::setuid(self.uid) })
    }
}

/// A group of the system.
#[derive(Debug)]
pub(crate) struct Group {
    gid: u32,
}

impl Group {
    /// The group called `name`. To be called while there is one thread.
    pub(crate) fn find(name: &str) -> io::Result<Group> {
        let unknown = || io::Error::new(io::ErrorKind::NotFound, "there is no such group");
        let name = CString::new(name).map_err(|_| unknown())?;
        // SAFETY: as with a user.
        let entry = unsafe { libc::getgrnam(name.as_ptr()).as_ref() }.ok_or_else(unknown)?;
        Ok(Group { gid: entry.gr_gid })
    }

    /// Gives a file to the group, or a link itself and not what it points to.
    pub(crate) fn own(&self, path: &Path) -> io::Result<()> {
        std::os::unix::fs::lchown(path, None, Some(self.gid))
    }
}

fn check(status: libc::c_int) -> io::Result<()> {
    if status == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hard_limit_of_open_files_is_no_error() {
        let all = raise_open_files(u64::MAX).unwrap();
        assert_eq!(raise_open_files(1).unwrap(), all, "never lowered");
    }

    #[test]
    fn an_unknown_user_or_group_is_refused() {
        for name in ["no-such-user-here", "nul\0byte"] {
            let refused = User::find(name).unwrap_err();
            assert_eq!(refused.kind(), io::ErrorKind::NotFound);
            let refused = Group::find(name).unwrap_err();
            assert_eq!(refused.kind(), io::ErrorKind::NotFound);
        }
    }
}
