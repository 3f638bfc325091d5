package part

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// temporalDownloads is where Temporal's SDKs fetch the program from.
const temporalDownloads = "https://temporal.download/cli"

// How long the download may take: to answer where the archive is, after which
// we build instead of waiting, and to arrive.
const (
	downloadAnswer  = 5 * time.Second
	downloadArrival = 3 * time.Minute
)

// downloadTemporal fetches the program into dir the way Temporal's SDKs do: ask
// where the archive for this platform is, then take one file out of it.
func downloadTemporal(ctx context.Context, base, dir string, progress io.Writer) error {
	archive, name, err := locateTemporal(ctx, base)
	if err != nil {
		return err
	}
	if !strings.HasSuffix(archive, ".tar.gz") {
		return fmt.Errorf("unknown kind of archive %s", archive)
	}
	say(progress, "downloading the Temporal command line (once): %s", archive)
	ctx, cancel := context.WithTimeout(ctx, downloadArrival)
	defer cancel()
	body, err := get(ctx, archive)
	if err != nil {
		return err
	}
	defer body.Close()
	temp, err := os.CreateTemp(dir, "download-")
	if err != nil {
		return fmt.Errorf("making the file: %w", err)
	}
	defer os.Remove(temp.Name())
	err = untar(body, name, temp)
	if err == nil {
		err = temp.Chmod(0o755)
	}
	if err = errors.Join(err, temp.Close()); err != nil {
		return fmt.Errorf("unpacking %s: %w", archive, err)
	}
	// An archive for another platform or C library must not stay in the cache.
	if err := runs(ctx, temp.Name()); err != nil {
		return err
	}
	return os.Rename(temp.Name(), filepath.Join(dir, "temporal"))
}

// locateTemporal returns the address of the archive and the name of the program
// in it.
func locateTemporal(ctx context.Context, base string) (archive, name string, err error) {
	ctx, cancel := context.WithTimeout(ctx, downloadAnswer)
	defer cancel()
	body, err := get(ctx, fmt.Sprintf("%s/%s?platform=%s&arch=%s", base, temporalVersion, runtime.GOOS, runtime.GOARCH))
	if err != nil {
		return "", "", err
	}
	defer body.Close()
	var info struct {
		ArchiveURL    string `json:"archiveUrl"`
		FileToExtract string `json:"fileToExtract"`
	}
	if err := json.NewDecoder(io.LimitReader(body, 1<<16)).Decode(&info); err != nil {
		return "", "", fmt.Errorf("reading where the archive is: %w", err)
	}
	return info.ArchiveURL, info.FileToExtract, nil
}

func get(ctx context.Context, address string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("asking for %s: %w", address, err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		_ = resp.Body.Close()
		return nil, fmt.Errorf("asking for %s: %s", address, resp.Status)
	}
	return resp.Body, nil
}

// untar copies the file called name out of a compressed archive.
func untar(r io.Reader, name string, to io.Writer) error {
	z, err := gzip.NewReader(r)
	if err != nil {
		return err
	}
	for t := tar.NewReader(z); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("%s is not in it", name)
		}
		if err != nil {
			return err
		}
		if h.Name == name {
			_, err = io.Copy(to, t) //nolint:gosec // bounded by the context's deadline
			return err
		}
	}
}
