package ticket

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"strings"

	"github.com/google/uuid"
)

// A ticket id is a version 8 UUID: 74 bits of seed and a 48-bit tag, so that
// the edge can tell a genuine id from a guess without asking the database.
const (
	seedBytes = 10 // 74 bits used: all of ten bytes but six bits
	tagBytes  = 6
)

// crockford is Crockford's base32 alphabet: no I, L, O, U.
var crockford = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// TicketID mints the ticket id that belongs to a seed: the same seed gives the
// same id under the same signing key. Seeds are an idempotency key with the
// sender's address, a random value, or the id of a ticket's first message.
func (s Secrets) TicketID(seed ...string) uuid.UUID {
	var head [seedBytes]byte
	copy(head[:], s.sign("ticket-id", seed...))
	return s.assemble(head)
}

// Genuine reports whether id carries a tag made with one of our keys.
func (s Secrets) Genuine(id uuid.UUID) bool {
	head, tag, ok := disassemble(id)
	return ok && s.verify(tag[:], "ticket-tag", string(head[:]))
}

// assemble lays out seed and tag around the UUID's version and variant bits.
//
//	bytes 0-5   seed 0-5
//	byte  6     version 8 | high half of seed 6
//	byte  7     seed 7
//	byte  8     variant 10 | six low bits of seed 8
//	byte  9     seed 9
//	bytes 10-15 tag
func (s Secrets) assemble(head [seedBytes]byte) uuid.UUID {
	head[6] &= 0xf0
	head[8] &= 0x3f
	tag := s.sign("ticket-tag", string(head[:]))
	var id uuid.UUID
	copy(id[:6], head[:6])
	id[6] = 0x80 | head[6]>>4
	id[7] = head[7]
	id[8] = 0x80 | head[8]
	id[9] = head[9]
	copy(id[10:], tag[:tagBytes])
	return id
}

func disassemble(id uuid.UUID) (head [seedBytes]byte, tag [tagBytes]byte, ok bool) {
	if id[6]>>4 != 8 || id[8]>>6 != 2 {
		return head, tag, false
	}
	copy(head[:6], id[:6])
	head[6] = id[6] << 4
	head[7] = id[7]
	head[8] = id[8] & 0x3f
	head[9] = id[9]
	copy(tag[:], id[10:])
	return head, tag, true
}

// Number returns the ticket number people see: "T-" and ten characters of the
// id. It is for reading aloud and searching, never a key.
func Number(id uuid.UUID) string {
	return "T-" + crockford.EncodeToString(id[:])[:10]
}

// WorkflowID returns the Temporal workflow id of the conversation with this
// key. The key may hold a phone number or an address, so only a keyed hash of
// it is shown.
func (s Secrets) WorkflowID(c Channel, conversationKey string) string {
	return "ticket/" + string(c) + "/" + hex.EncodeToString(s.sign("conversation", string(c), conversationKey)[:16])
}

// plusTagBytes is how much of the signature a reply address carries.
const plusTagBytes = 8

// ReplyAddress returns mailbox with a signed plus-tag that leads a reply back
// to the conversation, whatever the customer's mail program does to headers.
func (s Secrets) ReplyAddress(mailbox string, conversation uuid.UUID) string {
	local, domain, ok := strings.Cut(mailbox, "@")
	if !ok {
		return mailbox
	}
	raw := append(conversation[:], s.sign("reply-address", string(conversation[:]))[:plusTagBytes]...)
	return local + "+" + strings.ToLower(crockford.EncodeToString(raw)) + "@" + domain
}

// ConversationOf returns the conversation that a signed plus-address names;
// false if the address has no tag of ours.
func (s Secrets) ConversationOf(address string) (uuid.UUID, bool) {
	local, _, _ := strings.Cut(address, "@")
	_, tag, ok := strings.Cut(local, "+")
	if !ok {
		return uuid.Nil, false
	}
	raw, err := crockford.DecodeString(strings.ToUpper(tag))
	if err != nil || len(raw) != 16+plusTagBytes {
		return uuid.Nil, false
	}
	id := uuid.UUID(raw[:16])
	return id, s.verify(raw[16:], "reply-address", string(id[:]))
}

// CustomerRef is a name for a customer that tells nothing about the person; it
// may be shown anywhere.
func CustomerRef(id uuid.UUID) string {
	sum := sha256.Sum256(id[:])
	return hex.EncodeToString(sum[:6])
}
