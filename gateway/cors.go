package gateway

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/rs/cors"
)

// submitPath is the one address that scripts of other sites may call.
const submitPath = "/support/submit"

// preflightAge is how long a browser need not ask again.
const preflightAge = 10 * time.Minute

// ValidOrigin reports whether s is the origin of one site as a browser writes
// it: https://shop.example, http://localhost:3000. There are no wildcards.
func ValidOrigin(s string) bool {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || strings.Contains(u.Host, "*") {
		return false
	}
	standard := u.Scheme == "http" && u.Port() == "80" || u.Scheme == "https" && u.Port() == "443"
	return !strings.HasSuffix(u.Host, ":") && s == strings.ToLower(u.Scheme+"://"+u.Host) && !standard
}

func newCORS(origins []string) *cors.Cors {
	if len(origins) == 0 {
		return nil // to the library an empty list is everybody
	}
	return cors.New(cors.Options{
		AllowedOrigins: origins,
		AllowedMethods: []string{http.MethodPost},
		AllowedHeaders: []string{"Content-Type", "Idempotency-Key"},
		ExposedHeaders: []string{correlationHeader, "Retry-After"},
		MaxAge:         int(preflightAge.Seconds()),
	})
}

// crossOrigin lets the scripts of listed sites send the form. They send no
// cookies and can read nothing but the answer.
func (g *Gateway) crossOrigin(c *gin.Context) {
	if g.cors == nil || c.Request.URL.Path != submitPath {
		return
	}
	g.cors.HandlerFunc(c.Writer, c.Request)
	if c.Request.Method == http.MethodOptions && c.GetHeader("Access-Control-Request-Method") != "" {
		c.Abort()
	}
}
