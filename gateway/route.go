package gateway

import (
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/digital-fte/fte/channel/webform"
)

// Bounds of what a request may carry, in bytes.
const (
	maxForm   = webform.MaxBody
	maxPush   = 256 << 10
	maxTwilio = 64 << 10
)

const (
	jsonContent = "application/json"
	formContent = "application/x-www-form-urlencoded"
)

func (g *Gateway) newPublic() (http.Handler, error) {
	e := g.newEngine()
	if err := e.SetTrustedProxies(g.opts.TrustedProxies); err != nil {
		return nil, fmt.Errorf("setting up the gateway: reading the trusted proxies: %w", err)
	}
	g.addHealth(e)

	e.GET(watchPath, g.handle(g.watchTicket))

	// First of all, for a refusal has to be readable on another site, too.
	e.Use(g.crossOrigin)
	capped := e.Group("", g.capConcurrency)
	capped.GET("/support/ticket/:ticket_id", g.handle(g.showTicket))
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		capped.Handle(method, "/", g.handle(g.showPage))
		capped.Handle(method, "/ticket/:ticket_id", g.handle(g.showPage))
	}

	ingest := capped.Group("", g.countIngest)
	form := ingest.Group("", g.limitNetwork, g.accept(jsonContent))
	form.POST(submitPath, g.handle(g.submit))
	form.POST("/support/ticket/:ticket_id/messages", g.handle(g.addMessage))
	ingest.POST("/webhooks/gmail", g.accept(jsonContent), g.handle(g.gmail))
	ingest.POST("/webhooks/whatsapp", g.accept(formContent), g.handle(g.whatsAppMessage))
	ingest.POST("/webhooks/whatsapp/status", g.accept(formContent), g.handle(g.whatsAppStatus))

	e.NoRoute(g.capConcurrency, g.handle(g.showAsset))
	return e, nil
}

func (g *Gateway) newInner() http.Handler {
	e := g.newEngine()
	g.addHealth(e)
	show := promhttp.HandlerFor(g.opts.Gatherer, promhttp.HandlerOpts{})
	e.GET("/metrics", gin.WrapH(show))
	e.NoRoute(g.handle(func(*gin.Context) error { return errNoPage }))
	return e
}

func (g *Gateway) addHealth(e *gin.Engine) {
	e.GET("/health", g.handle(g.showHealth))
	e.GET("/ready", g.handle(g.showReady))
}

func (g *Gateway) newEngine() *gin.Engine {
	e := gin.New()
	e.HandleMethodNotAllowed = true
	// A signature covers the path, and a redirected POST loses its body.
	e.RedirectTrailingSlash = false
	e.RedirectFixedPath = false
	e.Use(g.correlate, g.recover, g.secure)
	e.NoMethod(g.handle(func(*gin.Context) error {
		return &refusal{http.StatusMethodNotAllowed, "method", "this address does not take that method"}
	}))
	return e
}

// handle makes a handler of a function that returns what went wrong.
func (g *Gateway) handle(h func(*gin.Context) error) gin.HandlerFunc {
	return func(c *gin.Context) {
		if err := h(c); err != nil {
			g.fail(c, err)
		}
	}
}
