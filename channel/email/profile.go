package email

import (
	"context"
	"strings"
)

// Address returns the address, in lower case, of the mailbox that the
// credentials really open.
func (c *Client) Address(ctx context.Context) (address string, err error) {
	err = read(ctx, "reading the mailbox's profile", func(ctx context.Context) error {
		profile, err := c.service.Users.GetProfile(me).Context(ctx).Do()
		if err == nil {
			address = strings.ToLower(profile.EmailAddress)
		}
		return err
	})
	return address, err
}
