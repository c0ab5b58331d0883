#include "vit/train/look_inside.hpp"

#include "vit/core/error.hpp"
#include "vit/core/files.hpp"
#include "vit/core/log.hpp"
#include "vit/core/text.hpp"
#include "vit/data/loose_images.hpp"
#include "vit/runtime/tensor_file.hpp"
#include "vit/train/table.hpp"

#include "image_pass.hpp"
#include "inside/attention.hpp"
#include "inside/distance_plot.hpp"
#include "inside/pictures.hpp"
#include "inside/weights.hpp"
#include "screen_text.hpp"
#include "short_names.hpp"

#include <ATen/ATen.h>
#include <fmt/core.h>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <set>
#include <utility>

namespace vit {
namespace {

using Json = nlohmann::ordered_json;

// What was found and what was not.
struct Account {
  Table files{{{""}, {""}}};  // name, what it shows
  Json json;
  NamedTensors tensors;
  std::vector<std::string> missing;  // sentences

  void add(const std::string& file, const std::string& text) {
    files.add({file, for_screen(text)});
    is_empty = false;
  }
  bool is_empty = true;
};

Json list_of(const at::Tensor& values) {
  if (values.dim() == 0) return values.item<double>();
  Json list = Json::array();
  for (const at::Tensor& value : values.unbind(0)) list.push_back(list_of(value));
  return list;
}

// "1 image", "12 images".
std::string images_text(size_t count) {
  return fmt::format("{} image{}", count, count == 1 ? "" : "s");
}

Json list_of(Extent extent) { return {extent.height, extent.width}; }

// `count` whole numbers below `total`, evenly spaced; all of them when there are no more.
std::vector<int64_t> evenly(int64_t count, int64_t total) {
  const int64_t n = std::min(count, total);
  std::vector<int64_t> places;
  for (int64_t i = 0; i < n; ++i) places.push_back(i * total / n);
  return places;
}

void show_filters(const Subject& subject, const fs::path& out, Account& account) {
  constexpr int64_t kShown = 28;
  const auto filters = first_filters(*subject.model);
  const int64_t channels = filters ? filters->weight.size(1) : 0;
  if (channels != 1 && channels != 3) {
    account.missing.push_back(
        fmt::format("no filters: '{}' has no first layer over gray or coloured pixels",
                    subject.config.model.name()));
    return;
  }
  const FilterComponents found = principal_components(filters->weight, kShown);
  write_png(out / "filters.png", filter_sheet(found.components));
  const int64_t count = found.components.size(0);
  account.add("filters.png",
              fmt::format("{} principal components of {}: {:.0f} % of the variance", count,
                          filters->name, 100 * found.explained.sum().item<double>()));
  account.json["filters"] = {{"parameter", filters->name},
                             {"components", count},
                             {"singular_values", list_of(found.singular_values)},
                             {"explained_variance_ratio", list_of(found.explained)}};
  account.tensors.push_back({"filters/components", found.components});
  account.tensors.push_back({"filters/mean", found.mean});
}

void show_positions(const Subject& subject, const TokenPlaces& places, const fs::path& out,
                    Account& account) {
  const auto embeddings = position_embeddings(*subject.model, places.grid);
  if (!embeddings) {
    account.missing.emplace_back(
        "no similarity of positions: this network adds no position embeddings to its tokens");
    return;
  }
  const at::Tensor similarity = position_similarity(embeddings->table, places.grid);
  write_png(out / "positions.png", similarity_sheet(similarity));
  const bool is_fixed = find_tensor(subject.model->buffers(), embeddings->name) != nullptr;
  account.add("positions.png", fmt::format("cosine similarity of {}, {} \u00d7 {} patches{}",
                                           embeddings->name, places.grid.height, places.grid.width,
                                           is_fixed ? " (fixed sines and cosines)" : ""));
  account.json["positions"] = {
      {"parameter", embeddings->name}, {"grid", list_of(places.grid)}, {"learned", !is_fixed}};
  account.tensors.push_back({"positions/cosine_similarity", similarity});
}

enum class Images { kNone, kFiles, kData };

// What the request wants looked at. A data set goes into the configuration that is read.
Images images_of(const InsideRequest& request, SubjectRequest& opened) {
  if (request.images.empty()) return request.run.empty() ? Images::kNone : Images::kData;
  const fs::path& first = request.images.front();
  const std::string kind = request.images.size() == 1 ? data_kind(first.string()) : "";
  const bool is_files =
      kind.empty() || kind == "folder" || (kind == "csv" && fs::is_directory(first));
  if (is_files) return Images::kFiles;
  opened.overrides = data_document(first, kind).overlay(request.overrides);
  return Images::kData;
}

std::unique_ptr<Dataset> open_shown(const InsideRequest& request, const Subject& subject,
                                    Images images) {
  if (images == Images::kFiles) return open_images(request.images);
  const auto source = subject.config.data.build();
  const DataCommon& common = subject.config.data.common();
  return open_split(*source, resolve_splits(*source, common.train, common.val).val);
}

// Distances of all images, pictures of some.
class AttentionStudy {
 public:
  AttentionStudy(const InsideRequest& request, const TokenPlaces& places, const Pipeline& pipeline,
                 const ForgivingDataset& images)
      : out_(request.out), places_(places), pipeline_(pipeline), images_(images), reader_(places) {
    for (int64_t i = 0; i < images.size(); ++i) names_.push_back(images.name(i));
    files_ = file_names(short_names(names_));
    const std::vector<int64_t> drawn = evenly(request.pictures, images.size());
    drawn_.insert(drawn.begin(), drawn.end());
    if (drawn.empty()) return;
    make_folder(out_ / "rollout");
    make_folder(out_ / "attention");
  }

  Taps* taps() { return &reader_; }
  void start() { reader_.start(); }

  void take(int64_t first) {
    const at::Tensor distances = at::stack(reader_.distances(), 1).cpu();  // [B, L, H]
    const at::Tensor renormalised = at::stack(reader_.renormalised_distances(), 1).cpu();
    const at::Tensor masks = reader_.rollout().cpu();  // [B, h, w]
    for (int64_t i = 0; i < masks.size(0); ++i) {
      if (images_.failed(first + i)) continue;
      distances_.push_back(distances[i]);
      renormalised_.push_back(renormalised[i]);
      if (drawn_.contains(first + i)) draw(first + i, i, masks[i]);
    }
  }

  void finish(Account& account) const {
    if (distances_.empty()) return;
    const at::Tensor all = at::stack(distances_), mean = all.mean(0);  // [N, L, H], [L, H]
    const double uniform = patch_distances(places_).mean().item<double>();
    write_atomically(out_ / "distance.svg", distance_plot(mean, uniform));
    account.add("distance.svg",
                fmt::format("mean attention distance of {} heads in {} layers over {}: "
                            "{:.1f} to {:.1f} px (uniform attention: {:.1f})",
                            mean.size(1), mean.size(0), images_text(distances_.size()),
                            mean.min().item<double>(), mean.max().item<double>(), uniform));
    account.json["attention"] = {
        {"images", distances_.size()},
        {"viewer", places_.viewer == Viewer::kClassToken ? "class token" : "mean over patches"},
        {"pitch_px", list_of(places_.pitch)},
        {"uniform_distance_px", uniform},
        {"distance_px", list_of(mean)},
        {"distance_renormalised_px", list_of(at::stack(renormalised_).mean(0))}};
    account.tensors.push_back({"attention/distance_px", all});
    if (rollouts_.empty()) return;
    account.add("rollout/", images_text(rollouts_.size()) + " in the light of attention rollout");
    account.add("attention/",
                fmt::format("attention of every head, {} layers of these images", mean.size(0)));
    account.json["pictures"] = pictures_;
    account.tensors.push_back({"attention/rollout", at::stack(rollouts_)});
  }

 private:
  void draw(int64_t index, int64_t place, const at::Tensor& mask) {
    const std::string& file = files_[static_cast<size_t>(index)];
    const Seen seen = as_seen(pipeline_.apply(images_.picture(index), Random(0)), places_);
    const std::string rollout = "rollout/" + file + ".png";
    write_png(out_ / rollout, rollout_picture(seen, mask));
    Json layers = Json::array();
    for (size_t layer = 0; layer < reader_.maps().size(); ++layer) {
      const std::string name = fmt::format("attention/{}_layer{:02}.png", file, layer);
      write_png(out_ / name, head_sheet(seen, reader_.maps()[layer][place].cpu()));
      layers.push_back(name);
    }
    pictures_.push_back({{"image", names_[static_cast<size_t>(index)]},
                         {"rollout", rollout},
                         {"attention", layers}});
    rollouts_.push_back(mask);
  }

  fs::path out_;
  TokenPlaces places_;
  const Pipeline& pipeline_;
  const ForgivingDataset& images_;
  AttentionReader reader_;
  std::vector<std::string> names_, files_;
  std::set<int64_t> drawn_;
  std::vector<at::Tensor> distances_, renormalised_;  // [L, H] an image
  std::vector<at::Tensor> rollouts_;                  // [h, w] a picture
  Json pictures_ = Json::array();
};

// The images looked at.
std::unique_ptr<ForgivingDataset> show_attention(const InsideRequest& request,
                                                 const Subject& subject,
                                                 std::unique_ptr<Dataset> shown, Account& account) {
  const TokenPlaces places = places_of(*subject.config.model.as<VitConfig>());
  const int64_t total = shown->size();
  const Pipeline pipeline = viewing_pipeline(subject);
  auto images = std::make_unique<ForgivingDataset>(
      subset(std::move(shown), evenly(request.count, total)),
      subject.config.data.common().exif_orientation, pipeline.result());
  AttentionStudy study(request, places, pipeline, *images);
  ImagePass pass;
  pass.dataset = images.get();
  pass.pipeline = &pipeline;
  pass.batch = batch_for(subject, Look::kAttention);
  pass.taps = study.taps();
  pass.before_batch = [&](int64_t) { study.start(); };
  pass.on_batch = [&](int64_t first, const at::Tensor& logits) {
    study.take(first);
    set_status_line(fmt::format("  {} of {} images", first + logits.size(0), images->size()));
  };
  show_images(subject, pass);
  set_status_line("");
  study.finish(account);
  if (places.viewer == Viewer::kPatches) {
    account.missing.emplace_back(
        "no class token that the head reads: maps and rollout are the mean over all patches");
  }
  return images;
}

void write_account(const Subject& subject, const fs::path& out, Account& account) {
  account.json["missing"] = account.missing;
  account.add("inspect.json", "the numbers");
  account.add("inspect.safetensors", "the arrays behind the pictures");
  write_tensor_file(out / "inspect.safetensors", account.tensors,
                    {{"model", subject.config.model.name()}});
  write_atomically(out / "inspect.json",
                   account.json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
  fmt::print("{}", for_screen("  " + title_of(subject, out.string()) + "\n"));
  fmt::print("{}", account.files.plain());
  for (const std::string& sentence : account.missing) fmt::print("  {}\n", sentence);
}

}  // namespace

void look_inside(const InsideRequest& request) {
  if (request.out.empty())
    throw ConfigError("vit-inspect needs a folder to write to\nadd --out DIR");
  if (request.count < 1)
    throw ConfigError(
        fmt::format("--count {} leaves no image\ngive a positive number", request.count));
  if (request.pictures < 0)
    throw ConfigError(
        fmt::format("--pictures {}: no such number of images\ngive 0 or more", request.pictures));
  SubjectRequest opened = request;
  const Images wanted = images_of(request, opened);
  const Subject subject = open_subject(opened);
  const auto* vit = subject.config.model.as<VitConfig>();
  const bool has_attention = vit != nullptr && vit->depth > 0;
  // Opened before anything is written: a mistyped path leaves nothing behind.
  std::unique_ptr<Dataset> shown;
  if (has_attention && wanted != Images::kNone) shown = open_shown(request, subject, wanted);
  make_folder(request.out);

  Account account;
  account.json["model"] = subject.config.model.name();
  account.json["weights"] = subject.source.weights.name;
  account.json["image_size"] = list_of(subject.model->input_size());
  show_filters(subject, request.out, account);
  if (vit != nullptr) show_positions(subject, places_of(*vit), request.out, account);
  std::unique_ptr<ForgivingDataset> images;
  if (shown != nullptr) images = show_attention(request, subject, std::move(shown), account);
  if (vit == nullptr) {
    account.missing.push_back("no positions and no attention: '" + subject.config.model.name() +
                              "' is a convolutional network");
  } else if (images == nullptr) {
    account.missing.emplace_back("no attention: there were no images to look at (--images)");
  }
  if (account.is_empty) {
    throw ConfigError("there is nothing to draw of model '" + subject.config.model.name() + "'\n" +
                      join(account.missing, "\n"));
  }
  write_account(subject, request.out, account);
  if (images != nullptr) images->require_all();
}

}  // namespace vit
