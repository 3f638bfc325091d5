package mcp

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/modelcontextprotocol/go-sdk/auth"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

// scope is what every role may do.
const scope = "read"

// Handler answers clients over streamable HTTP. Every request needs
// "Authorization: Bearer TOKEN" with one of tokens (else 401), and none is
// answered that a page of another site has made (403). Nothing is kept between
// requests.
func (s *Server) Handler(tokens Tokens) http.Handler {
	server := s.server(func(r sdk.Request) string {
		if extra := r.GetExtra(); extra != nil && extra.TokenInfo != nil {
			return extra.TokenInfo.UserID
		}
		return ""
	})
	protocol := sdk.NewStreamableHTTPHandler(func(*http.Request) *sdk.Server { return server }, &sdk.StreamableHTTPOptions{
		Stateless: true, JSONResponse: true, MaxRequestBodyBytes: maxRequest,
	})
	verify := func(ctx context.Context, token string, r *http.Request) (*auth.TokenInfo, error) {
		holder, ok := tokens.Holder(token)
		if !ok {
			s.log.WarnContext(ctx, "token refused", slog.String("remote_addr", r.RemoteAddr))
			return nil, auth.ErrInvalidToken
		}
		return &auth.TokenInfo{UserID: holder.Name, Scopes: []string{scope}}, nil
	}
	authorized := auth.RequireBearerToken(verify, &auth.RequireBearerTokenOptions{
		Scopes: []string{scope}, AllowMissingExpiration: true, // a token is valid for as long as it is listed
	})(protocol)
	return http.NewCrossOriginProtection().Handler(authorized)
}
