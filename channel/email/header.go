package email

import (
	"mime"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
)

const (
	maxName       = 120 // runes of a display name
	maxAddresses  = 100
	maxReferences = 100
	maxIDLength   = 900 // bytes; a longer id does not fit a header line
)

func decodeWords(s string) string {
	if decoded, err := wordDecoder().DecodeHeader(s); err == nil {
		return decoded
	}
	return s
}

func wordDecoder() *mime.WordDecoder { return &mime.WordDecoder{CharsetReader: charset.NewReaderLabel} }

func date(s string) time.Time {
	at, err := mail.ParseDate(s)
	if err != nil {
		return time.Time{}
	}
	return at
}

// A header that follows no grammar: the address in angle brackets is the one
// that counts, and only without any is every other one taken. A display name
// may well contain an address that is not the sender's.
var (
	angleAddress = regexp.MustCompile(`<\s*([^\s<>]+@[^\s<>]+)\s*>`)
	looseAddress = regexp.MustCompile(`[^\s<>()\[\],;:"]+@[^\s<>()\[\],;:"@]+`)
)

func addresses(values []string) []mail.Address {
	var all []mail.Address
	for _, value := range values {
		parser := mail.AddressParser{WordDecoder: wordDecoder()}
		list, err := parser.ParseList(value)
		if err != nil {
			list = looseAddresses(value)
		}
		for _, a := range list {
			if len(all) == maxAddresses {
				return all
			}
			all = append(all, mail.Address{Name: cleanLine(a.Name, maxName), Address: cleanAddress(a.Address)})
		}
	}
	return all
}

// oneAddress reports whether every program reads the same address in these
// headers: those that follow no grammar must not have another one in any place.
func oneAddress(values []string) bool {
	for _, value := range values {
		if _, err := mail.ParseAddressList(value); err == nil {
			continue
		}
		found := looseAddress.FindAllString(value, maxAddresses)
		if slices.ContainsFunc(found, func(other string) bool { return !strings.EqualFold(other, found[0]) }) {
			return false
		}
	}
	return true
}

func looseAddresses(value string) []*mail.Address {
	var list []*mail.Address
	name, _, _ := strings.Cut(value, "<")
	for _, found := range angleAddress.FindAllStringSubmatch(value, maxAddresses) {
		list = append(list, &mail.Address{Name: decodeWords(strings.TrimSpace(name)), Address: found[1]})
		name = ""
	}
	if list == nil {
		for _, found := range looseAddress.FindAllString(value, maxAddresses) {
			list = append(list, &mail.Address{Address: found})
		}
	}
	return list
}

// plainAddress is the shape of the addresses we answer to. It leaves out
// quoted local parts, which can be made to look like other addresses.
var plainAddress = regexp.MustCompile(`^[^\s<>()\[\],;:"@\\]{1,128}@[\p{L}\p{N}.-]{1,255}$`)

// cleanAddress returns the address in lower case, "" if it is not a plain one.
func cleanAddress(address string) string {
	address = lowered(toUTF8(address))
	if !plainAddress.MatchString(address) || strings.Contains(address, "=?") || cleanLine(address, len(address)) != address {
		return ""
	}
	return address
}

// lowered is strings.ToLower but for the signs that it makes a plain letter of,
// such as that of the kelvin: an address with one is another mailbox.
func lowered(address string) string {
	return strings.Map(func(r rune) rune {
		if lower := unicode.ToLower(r); r < utf8.RuneSelf || lower >= utf8.RuneSelf {
			return lower
		}
		return r
	}, address)
}

// messageID matches one id; programs fold lines inside of the brackets.
var messageID = regexp.MustCompile(`<[^<>]+>`)

func messageIDs(value string) []string {
	value = cleanText(value)
	found := messageID.FindAllString(value, -1)
	if found == nil && len(strings.Fields(value)) == 1 {
		found = []string{"<" + strings.Trim(value, "<> \t\n") + ">"}
	}
	var ids []string
	for _, id := range found {
		id = strings.Join(strings.Fields(id), "")
		if len(id) > len("<>") && len(id) <= maxIDLength {
			ids = append(ids, id)
		}
	}
	return ids
}

// references bounds a list that may have any length: the root and the last
// ones are what a conversation is found by.
func references(value string) []string {
	ids := messageIDs(value)
	if ids == nil {
		for word := range strings.FieldsSeq(cleanText(value)) {
			ids = append(ids, messageIDs(word)...)
		}
	}
	if len(ids) > maxReferences {
		ids = append(ids[:1:1], ids[len(ids)-maxReferences+1:]...)
	}
	return ids
}
