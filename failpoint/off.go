//go:build !failpoint

package failpoint

// Enabled says whether this binary can be told to die.
const Enabled = false

// Here does nothing in a binary without the tag.
func Here(string) {}
