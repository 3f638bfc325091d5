package twilio

import (
	"cmp"
	"mime"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/digital-fte/fte/dev/sim/wire"
)

// named gives the attachments of a message their ids and addresses.
func (s *Server) named(all []Media, sid string) []Media {
	all = slices.Clone(all)
	for i, m := range all {
		all[i].SID = cmp.Or(m.SID, newSID("ME"))
		all[i].URL = cmp.Or(m.URL, "https://api.twilio.com"+messageURI(s.options.AccountSID, sid)+"/Media/"+all[i].SID)
	}
	return all
}

// guessType is the type of a file by the end of its address.
func guessType(address string) string {
	at, err := url.Parse(address)
	if err != nil {
		return "application/octet-stream"
	}
	kind, _, _ := mime.ParseMediaType(mime.TypeByExtension(path.Ext(at.Path)))
	return cmp.Or(kind, "application/octet-stream")
}

func (m Media) resource(account string, of Message) map[string]any {
	return map[string]any{
		"sid": m.SID, "account_sid": account, "parent_sid": of.SID, "content_type": m.ContentType,
		"date_created": date(of.Created), "date_updated": date(of.Created),
		"uri": messageURI(account, of.SID) + "/Media/" + m.SID + ".json",
	}
}

// listMedia shows all attachments of a message: there are ten at most.
func (s *Server) listMedia(w http.ResponseWriter, r *http.Request) {
	m, ok := s.message(r.PathValue("sid"))
	if !ok {
		notFound(w, r.URL.Path)
		return
	}
	resources := make([]map[string]any, 0, len(m.Media))
	for _, media := range m.Media {
		resources = append(resources, media.resource(s.options.AccountSID, m))
	}
	uri := r.URL.Path + "?PageSize=50&Page=0"
	wire.WriteJSON(w, http.StatusOK, map[string]any{
		"media_list": resources, "page": 0, "page_size": defaultPage, "start": 0, "end": max(len(resources)-1, 0),
		"first_page_uri": uri, "next_page_uri": nil, "previous_page_uri": nil, "uri": uri,
	})
}

func (s *Server) fetchMedia(w http.ResponseWriter, r *http.Request) {
	m, _ := s.message(r.PathValue("sid"))
	sid, isJSON := strings.CutSuffix(r.PathValue("media"), ".json")
	at := slices.IndexFunc(m.Media, func(media Media) bool { return media.SID == sid })
	if at < 0 || !isJSON {
		notFound(w, r.URL.Path)
		return
	}
	wire.WriteJSON(w, http.StatusOK, m.Media[at].resource(s.options.AccountSID, m))
}
