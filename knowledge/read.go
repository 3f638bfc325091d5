package knowledge

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/digital-fte/fte/ticket"
)

// source is a file that is to become an article.
type source struct {
	name string // as a person would find it
	slug string
	fsys fs.FS
	path string // in fsys
}

// readArticles reads every article below paths, by slug. It reports all faulty
// files at once with CodeInvalid.
func readArticles(paths []string) ([]article, error) {
	var faults []string
	var sources []source
	for _, p := range paths {
		found, err := findSources(p)
		if err != nil {
			faults = append(faults, fmt.Sprintf("%s: %v", p, err))
		}
		sources = append(sources, found...)
	}
	var articles []article
	named := map[string]string{}
	for _, s := range sources {
		if first, taken := named[s.slug]; taken {
			faults = append(faults, fmt.Sprintf("%s: has the name %q like %s, rename one of them", s.name, s.slug, first))
			continue
		}
		named[s.slug] = s.name
		a, err := s.read()
		if err != nil {
			faults = append(faults, fmt.Sprintf("%s: %v", s.name, err))
			continue
		}
		articles = append(articles, a)
	}
	faults = append(faults, joinTwins(articles, named)...)
	if len(faults) > 0 {
		return nil, ticket.Errorf(ticket.CodeInvalid, "nothing was changed, %s cannot be used:\n%s", count(len(faults), "file"), strings.Join(faults, "\n"))
	}
	if len(articles) == 0 {
		return nil, ticket.Errorf(ticket.CodeInvalid, "nothing was changed, there are no articles in %s: they are files of %s", strings.Join(paths, ", "), readable)
	}
	slices.SortFunc(articles, bySlug)
	return articles, nil
}

func bySlug(a, b article) int { return strings.Compare(a.slug, b.slug) }

// joinTwins gives translations that name their original what it has in common
// with its own, and returns those whose original is not there.
func joinTwins(articles []article, named map[string]string) (faults []string) {
	twins := make(map[string]string, len(articles))
	for _, a := range articles {
		twins[a.slug] = a.twin
	}
	for i, a := range articles {
		if a.original == "" {
			continue
		}
		twin, ok := twins[a.original]
		if !ok {
			faults = append(faults, fmt.Sprintf("%s: translation_of names %q, and there is no such article: name it by its path without extension", named[a.slug], a.original))
			continue
		}
		articles[i].twin = twin
	}
	return faults
}

// findSources returns the readable files below a folder, or the file itself.
// Names that begin with a dot are left out: they belong to tools, and a mounted
// config map keeps its copies under such names.
func findSources(root string) ([]source, error) {
	info, err := os.Stat(root)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errors.New("does not exist: correct the path")
	case err != nil:
		return nil, reason(err)
	case !info.IsDir() && formatOf(root) == nil:
		return nil, errors.New("not in a format that can be read: name a folder or a file of " + readable)
	case !info.IsDir():
		base := filepath.Base(root)
		return []source{{name: root, slug: withoutExtension(base), fsys: os.DirFS(filepath.Dir(root)), path: base}}, nil
	}
	var sources []source
	fsys := os.DirFS(root)
	err = fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return fmt.Errorf("%s cannot be read: %w", p, reason(err))
		case p != "." && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
		case !d.IsDir() && formatOf(p) != nil:
			sources = append(sources, source{
				name: filepath.Join(root, filepath.FromSlash(p)), slug: withoutExtension(p), fsys: fsys, path: p,
			})
		}
		return nil
	})
	return sources, err
}

func (s source) read() (article, error) {
	info, err := fs.Stat(s.fsys, s.path)
	switch {
	case err != nil:
		return article{}, fmt.Errorf("cannot be read: %w", reason(err))
	case !info.Mode().IsRegular():
		return article{}, errors.New("not a file: rename or remove it")
	case info.Size() > maxFileBytes:
		return article{}, fmt.Errorf("has %d MB, more than the %d MB of a file: divide it, or leave out its pictures", info.Size()>>20, maxFileBytes>>20)
	}
	data, err := fs.ReadFile(s.fsys, s.path)
	if err != nil {
		return article{}, fmt.Errorf("cannot be read: %w", reason(err))
	}
	return parseArticle(s.path, s.slug, data)
}

// reason returns an error of the file system without the path, which its
// reader knows.
func reason(err error) error {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		return pathErr.Err
	}
	return err
}

func withoutExtension(name string) string { return strings.TrimSuffix(name, path.Ext(name)) }

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
