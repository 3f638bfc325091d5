package knowledge

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// tries is how often a version is begun anew because articles were let in or
// taken out while it was built.
const tries = 3

// Report says what an ingest did.
type Report struct {
	Version   int64 `json:"version"` // the live one
	Articles  int   `json:"articles"`
	Learned   int   `json:"learned"` // of Articles, those learned from people's answers
	Chunks    int   `json:"chunks"`
	Embedded  int   `json:"embedded"`  // chunks that the model was asked about
	Reused    int   `json:"reused"`    // chunks whose vector was known
	Unchanged bool  `json:"unchanged"` // the live version has these very articles
	// Hidden names the articles of which words that people do not see were left out.
	Hidden []string `json:"hidden,omitempty"`
	Marks  []Mark   `json:"marks,omitempty"` // what somebody should look at
}

// String says it in one line for people.
func (r Report) String() string {
	if r.Unchanged {
		return fmt.Sprintf("unchanged: version %d has these %s in %s", r.Version, count(r.Articles, "article"), count(r.Chunks, "chunk"))
	}
	return fmt.Sprintf("version %d is live: %s in %s, %d embedded, %d reused",
		r.Version, count(r.Articles, "article"), count(r.Chunks, "chunk"), r.Embedded, r.Reused)
}

// reportOf says what can be said of articles before they are stored.
func reportOf(articles []article) Report {
	r := Report{Articles: len(articles), Chunks: chunkCount(articles), Marks: marksOf(articles)}
	for _, a := range articles {
		if a.source == fromPerson {
			r.Learned++
		}
		if a.hidden {
			r.Hidden = append(r.Hidden, a.slug)
		}
	}
	return r
}

// IngestOptions say how to ingest. The zero value is the ordinary way.
type IngestOptions struct {
	// WithoutLearned withdraws the articles that were learned from people's
	// answers, when the new version goes live.
	WithoutLearned bool
	// Progress, unless nil, hears of every batch of chunks that is stored.
	Progress func(done, total int)
}

// Ingest makes the files below paths, beside the learned articles, the whole
// knowledge base. Slugs are relative to the folder given. Articles that are
// live already cost nothing; otherwise searches see the old version until all
// is stored, then the new one. Of several at once the one that began last
// prevails.
//
// Errors: CodeInvalid lists every file that cannot be used; CodeConflict means
// that an ingest begun later has finished first; those of the embedder, and
// else as schema.Classify. After an error the old version is live, and what
// was embedded is reused by the next ingest.
func (b *Base) Ingest(ctx context.Context, paths []string, o IngestOptions) (Report, error) {
	files, err := readArticles(paths)
	if err != nil {
		return Report{}, err
	}
	report, err := b.insist(ctx, o.Progress, o.WithoutLearned, func() (Build, Report, error) {
		articles := slices.Clone(files)
		if !o.WithoutLearned {
			learned, err := b.learned(ctx)
			if err != nil {
				return Build{}, Report{}, err
			}
			if articles, err = with(articles, learned); err != nil {
				return Build{}, Report{}, err
			}
		}
		return b.begin(ctx, articles, nil)
	})
	return report, schema.Classify(err)
}

// Check reads the files below paths as Ingest does and stores nothing.
func Check(paths []string) (Report, error) {
	articles, err := readArticles(paths)
	if err != nil {
		return Report{}, err
	}
	return reportOf(articles), nil
}

// with adds learned articles to those of files.
func with(files, learned []article) ([]article, error) {
	all := slices.Concat(files, learned)
	slices.SortFunc(all, bySlug)
	for i := 1; i < len(all); i++ {
		if all[i].slug == all[i-1].slug {
			return nil, ticket.Errorf(ticket.CodeInvalid, "nothing was changed, a file has the name %q of a learned article: rename the file", all[i].slug)
		}
	}
	return all, nil
}

// insist builds a version and puts it into use, and begins anew when articles
// have been let in or taken out meanwhile.
func (b *Base) insist(ctx context.Context, progress func(done, total int), withoutLearned bool, begin func() (Build, Report, error)) (Report, error) {
	for try := 1; ; try++ {
		build, report, err := begin()
		if err != nil {
			return Report{}, fmt.Errorf("storing articles: %w", err)
		}
		report.Version, report.Unchanged = build.Version, build.Unchanged
		if build.Unchanged && !withoutLearned {
			return report, nil
		}
		for from := 0; from < build.Chunks && !build.Unchanged; from += BatchChunks {
			to := min(from+BatchChunks, build.Chunks)
			embedded, err := b.StoreChunks(ctx, build.Version, from, to)
			if err != nil {
				return Report{}, fmt.Errorf("storing chunks %d to %d of %d (run it again: what has been embedded is kept): %w", from+1, to, build.Chunks, err)
			}
			report.Embedded, report.Reused = report.Embedded+embedded, report.Reused+to-from-embedded
			if progress != nil {
				progress(to, build.Chunks)
			}
		}
		live, switched, err := b.finish(ctx, build.Version, withoutLearned)
		switch {
		case errors.Is(err, ErrStale) && try < tries:
			continue
		case err != nil:
			return Report{}, fmt.Errorf("switching to version %d: %w", build.Version, err)
		}
		report.Version, report.Unchanged = live, !switched
		return report, nil
	}
}

func chunkCount(articles []article) (n int) {
	for _, a := range articles {
		n += len(a.chunks)
	}
	return n
}
