#include "archive_format.hpp"

#include "file_flaw.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace vit {
namespace {

constexpr std::string_view kPickleName = "data.pkl";
constexpr std::string_view kKnown =
    "Weights are read from safetensors, NumPy (.npz) and PyTorch (.pth) files.";

std::string python(const MappedFile& file, std::string_view extension, std::string_view code) {
  const std::string out = fs::path(file.path()).replace_extension(extension).string();
  return "Convert it once:  python -c \"" +
         fmt::format(fmt::runtime(code), fmt::arg("in", file.path().string()),
                     fmt::arg("out", out)) +
         "\"";
}

[[noreturn]] void refuse_old_pickle(const MappedFile& file) {
  throw FileFlaw("is a bare Python pickle, as PyTorch wrote before version 1.6",
                 python(file, ".safetensors",
                        "import torch,safetensors.torch as s; "
                        "c=torch.load('{in}',map_location='cpu',weights_only=True); "
                        "c=c.get('model') or c.get('state_dict') or c; "
                        "s.save_file({{k:v.contiguous() for k,v in c.items()}},'{out}')"));
}

[[noreturn]] void refuse_torch_script(const MappedFile& file) {
  throw FileFlaw(
      "is a TorchScript program, which is not executed",
      python(file, ".state.pth",
             "import torch; "
             "torch.save(torch.jit.load('{in}',map_location='cpu').state_dict(),'{out}')"));
}

ArchiveFormat recognize_zip(const std::shared_ptr<const MappedFile>& file) {
  const ZipArchive archive(file);
  if (const auto folder = torch_folder(archive)) {
    const bool is_script = std::ranges::any_of(archive.members(), [&](const ZipMember& member) {
      return member.name == *folder + "constants.pkl" || member.name.starts_with(*folder + "code/");
    });
    if (is_script) refuse_torch_script(*file);
    return ArchiveFormat::kPickle;
  }
  const bool has_arrays = std::ranges::any_of(
      archive.members(), [](const ZipMember& member) { return member.name.ends_with(".npy"); });
  if (has_arrays) return ArchiveFormat::kNpz;
  throw FileFlaw(archive.members().empty()
                     ? "is an empty zip archive"
                     : "is a zip archive, but neither of NumPy arrays nor of PyTorch",
                 std::string(kKnown));
}

// The length of a JSON header, and the header. A header that is too long for the file is damage of
// a safetensors file.
bool looks_like_safetensors(std::string_view bytes) {
  uint64_t length = 0;
  if (bytes.size() <= sizeof length) return false;
  std::memcpy(&length, bytes.data(), sizeof length);
  const size_t text = bytes.find_first_not_of(" \t\r\n", sizeof length);
  return text != bytes.npos && bytes[text] == '{' && length < uint64_t{1} << 32;
}

// Files people have in place of weights, by how they begin.
struct ForeignKind {
  std::string_view begin, name, remedy;
};
constexpr ForeignKind kForeignKinds[] = {
    {"version https://git-lfs", "is a Git LFS pointer, not the file it stands for",
     "Fetch the file:  git lfs pull"},
    {"\x89HDF\r\n", "is an HDF5 file (Keras)", ""},
    {"\x93NUMPY", "is a single NumPy array; weights are archives of named arrays (.npz)", ""},
    {"GGUF", "is a GGUF file", ""},
    {"\x1f\x8b", "is compressed with gzip", "Unpack it first:  gunzip"},
    {"\x28\xb5\x2f\xfd", "is compressed with zstd", "Unpack it first:  unzstd"},
    {"BZh", "is compressed with bzip2", "Unpack it first:  bunzip2"},
    {"\xfd"
     "7zXZ",
     "is compressed with xz", "Unpack it first:  unxz"},
    {"{", "is a text in JSON, perhaps the index of a model in several files", ""},
    {"<", "is a text in HTML or XML, perhaps the answer of a web server in place of the file",
     "Get the file again, from the address of the file itself."},
};

bool is_table(std::string_view bytes) {  // of LevelDB: the index of a TensorFlow checkpoint
  return bytes.ends_with("\x57\xfb\x80\x8b\x24\x75\x47\xdb");
}

bool is_text(std::string_view bytes) {
  return std::ranges::all_of(bytes.substr(0, 256), [](char c) {
    return (c >= ' ' && c < '\x7f') || c == '\n' || c == '\r' || c == '\t';
  });
}

[[noreturn]] void refuse_foreign(std::string_view bytes) {
  const size_t first = std::min(bytes.find_first_not_of(" \t\r\n"), bytes.size());
  for (const auto& [begin, name, remedy] : kForeignKinds) {
    if (bytes.starts_with(begin) || bytes.substr(first).starts_with(begin))
      throw FileFlaw(std::string(name), std::string(remedy.empty() ? kKnown : remedy));
  }
  if (is_table(bytes))
    throw FileFlaw("is the index of a TensorFlow checkpoint", std::string(kKnown));
  if (bytes.size() > 262 && bytes.substr(257, 5) == "ustar")
    throw FileFlaw("is a tar archive", "Unpack it first:  tar xf");
  if (is_text(bytes)) throw FileFlaw("is a text", std::string(kKnown));
  throw FileFlaw("is of no kind that is known here", std::string(kKnown));
}

std::string_view name_of(ArchiveFormat format) {
  switch (format) {
    case ArchiveFormat::kSafetensors:
      return "a safetensors file";
    case ArchiveFormat::kNpz:
      return "a NumPy archive";
    case ArchiveFormat::kPickle:
      return "a PyTorch archive";
  }
  return "";
}

}  // namespace

std::optional<std::string> torch_folder(const ZipArchive& archive) {
  for (const ZipMember& member : archive.members()) {
    if (!member.name.ends_with(kPickleName)) continue;
    std::string folder(member.name.substr(0, member.name.size() - kPickleName.size()));
    if (folder.empty() || folder.find('/') == folder.size() - 1) return folder;
  }
  return std::nullopt;
}

ArchiveFormat recognize_archive(const std::shared_ptr<const MappedFile>& file) {
  const std::string_view bytes = file->bytes();
  if (bytes.empty()) throw FileFlaw("is empty");
  if (bytes.starts_with("PK\3\4") || bytes.starts_with("PK\5\6")) return recognize_zip(file);
  // Before pickles: a header of 640 bytes begins as they do.
  if (looks_like_safetensors(bytes)) return ArchiveFormat::kSafetensors;
  const bool is_pickle =
      bytes.size() > 1 && bytes[0] == '\x80' && bytes[1] >= '\x02' && bytes[1] <= '\x05';
  if (is_pickle) refuse_old_pickle(*file);
  refuse_foreign(bytes);
}

void expect_format(const std::shared_ptr<const MappedFile>& file, ArchiveFormat expected) {
  const ArchiveFormat found = recognize_archive(file);
  if (found != expected)
    throw FileFlaw(fmt::format("is {}, not {}", name_of(found), name_of(expected)));
}

}  // namespace vit
